"""One run of a script by k6, from the first byte on disk to the outcome."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import anyio

from k6_cloud.models import Json
from k6_cloud.scripts.reach import NOTHING, Reach
from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.capture.metrics_capture import Record, capturing
from k6_runner.confinement.terms import Network
from k6_runner.limits import MIB, RunLimits
from k6_runner.network_policy import NetworkPolicy, policy_of
from k6_runner.outcome import Outcome, checks_in, thresholds_in
from k6_runner.process import Access, confined, require_confined
from k6_runner.sanitize import Wording
from k6_runner.supervise import Watch
from k6_runner.verdict import STOPPED_BY_USER, Ending, judge
from k6_runner.workspace import SCRIPT_NAMES, workspace

_REPORT_POINTS = 300
_READ_LIMIT = 16 * MIB


async def execute(
    k6: K6,
    script: Script,
    limits: RunLimits,
    env: Mapping[str, str],
    reach: Reach = NOTHING,
    *,
    stop: anyio.Event,
    started: Callable[[], None],
    record: Record | None = None,
) -> Outcome:
    """Run `script`, with `env` as its `__ENV`, until it ends, `stop` is set, or a limit is reached. It uses the network
    within `reach`.

    `started` is called once k6 runs, `record` with the metrics as they come. Cancelling the call ends k6 at once.
    Raises NotConfined on a machine that cannot confine it.
    """
    if stop.is_set():
        return Outcome(**vars(STOPPED_BY_USER))
    async with workspace(script) as directory, capturing(record) as capture:
        summary_file, report_file = _output_file(directory, "json"), _output_file(directory, "html")
        policy = await policy_of(reach)
        flags = [*_flags(policy, env), *capture.flags, "--summary-export", str(summary_file)]
        command = [k6.path, "run", *flags, SCRIPT_NAMES[script.kind]]
        settings = {**_dashboard(limits, report_file), **_thrift(limits)}
        network = Network(internet=True, datagrams=policy.datagrams, ports=policy.ports)
        begin = anyio.current_time()
        access = Access(network=network, browser=reach.browser)
        async with confined(
            command, directory, limits, access, settings=settings, stdout=capture.output
        ) as process:
            started()
            watch = Watch(process, limits, stop)
            exit_code = await watch.until_end()
        seconds = anyio.current_time() - begin
        require_confined(exit_code, watch.log)
        summary = _parsed(await _content(summary_file, limits))
        report = await _content(report_file, limits)
    ending = Ending(exit_code, watch.reason, watch.log, thresholds_in(summary), reach.refused)
    outcome = _outcome(ending, limits, summary, capture.shortcomings)
    message = outcome.message and Wording(script, directory).clean(outcome.message)
    return replace(outcome, message=message, seconds=seconds, report=report)


def _outcome(ending: Ending, limits: RunLimits, summary: Json, shortcomings: Iterable[str]) -> Outcome:
    verdict = judge(ending, limits)
    return Outcome(
        **vars(replace(verdict, message=" ".join(filter(None, [verdict.message, *shortcomings])) or None)),
        thresholds=ending.thresholds,
        checks=checks_in(summary),
        summary=summary or None,
    )


def _flags(policy: NetworkPolicy, env: Mapping[str, str]) -> list[str]:
    """Flags that every major version of k6 knows. An empty address keeps its control server off."""
    flags = ["-q", "--no-color", "--log-format", "json", "--no-usage-report", "--address", ""]
    flags += ["--include-system-env-vars=false"]
    flags += _repeated("--blacklist-ip", policy.blocked)
    return flags + _repeated("-e", (f"{name}={value}" for name, value in env.items()))


def _repeated(flag: str, values: Iterable[str]) -> list[str]:
    return [part for value in values for part in (flag, value)]


def _dashboard(limits: RunLimits, report: Path) -> dict[str, str]:
    """Settings for k6's own HTML report; port -1 means a report without a server."""
    period = max(1, math.ceil(limits.max_duration / _REPORT_POINTS))
    return {
        "K6_WEB_DASHBOARD": "true",
        "K6_WEB_DASHBOARD_PORT": "-1",
        "K6_WEB_DASHBOARD_EXPORT": str(report),
        "K6_WEB_DASHBOARD_PERIOD": f"{period}s",
    }


def _thrift(limits: RunLimits) -> dict[str, str]:
    """From half the limit on k6 collects garbage harder: a script without pauses makes values faster than it writes them."""
    return {"GOMEMLIMIT": str(limits.memory_bytes // 2)}


def _output_file(directory: Path, suffix: str) -> Path:
    """A file for k6 to write, of a name that the script cannot know and write to itself."""
    return directory / f"{token_hex(8)}.{suffix}"


async def _content(path: Path, limits: RunLimits) -> bytes | None:
    """A file that k6 wrote, if it is there and whole: one as large as the limit was cut off by it."""
    file = anyio.Path(path)
    limit = min(limits.output_bytes, _READ_LIMIT)
    if not await file.is_file() or (await file.stat()).st_size >= limit:
        return None
    return await file.read_bytes()


def _parsed(summary: bytes | None) -> Json:
    """The summary; a k6 that was killed may have left none, or half of one."""
    try:
        return json.loads(summary or b"{}")
    except ValueError:
        return {}
