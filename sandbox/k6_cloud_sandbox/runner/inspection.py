"""What k6 makes of a script before it runs: its options, and what they will need."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process

from k6_cloud.durations import seconds
from k6_cloud.models import Json
from k6_cloud.redaction import redact_options
from k6_cloud.scripts import Script
from k6_cloud_sandbox.runner.binary import K6
from k6_cloud_sandbox.runner.codes import SCRIPT_ERROR, TIMED_OUT
from k6_cloud_sandbox.runner.limits import MIB, RunLimits, setting
from k6_cloud_sandbox.runner.log import Log
from k6_cloud_sandbox.runner.process import confined, stream
from k6_cloud_sandbox.runner.wording import Wording
from k6_cloud_sandbox.runner.workspace import SCRIPT_NAMES, workspace

_ANSWER_LIMIT = MIB
_NO_VUS = "scenario default has configuration errors: the number of VUs must be more than 0"

_SHORTCUTS = frozenset({"stages", "iterations", "duration"})


@dataclass(frozen=True)
class Inspection:
    """The options k6 will use (without nulls and tokens), the most VUs at once, and the longest time in seconds."""

    options: Json
    max_vus: int
    total_duration: float


class ScriptRejected(Exception):
    """k6 cannot run the script; `message` is k6's reason, `code` the service's number for it."""

    def __init__(self, message: str, code: int = SCRIPT_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


async def inspect(k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str]) -> Inspection:
    """Let k6 read the script (`k6 inspect`), which runs its init code. Raises ScriptRejected."""
    async with workspace(script) as directory:
        command = [k6.path, "inspect", "--execution-requirements", *_flags(env), SCRIPT_NAMES[script.kind]]
        wording = Wording(script, directory)
        answer, log = await _ask(command, directory, limits)
        if log.says(_NO_VUS):
            # `k6 run` takes one VU where a script names none; `k6 inspect` has to be told.
            answer, log = await _ask(command, directory, limits, {"K6_VUS": "1"})
    return _read(answer, wording.clean("; ".join(log.errors or log.plain)))


def _flags(env: Mapping[str, str]) -> Iterable[str]:
    yield from ("--no-color", "--log-format", "json", "--include-system-env-vars=false")
    for name, value in env.items():
        yield from ("-e", f"{name}={value}")


async def _ask(
    command: list[str], directory: Path, limits: RunLimits, settings: Mapping[str, str] | None = None
) -> tuple[bytes, Log]:
    try:
        with anyio.fail_after(limits.inspect_timeout):
            async with confined(
                command, directory, limits, settings=settings, stdout=subprocess.PIPE
            ) as process:
                return await _listen(process)
    except TimeoutError:
        raise ScriptRejected(
            f"The script's init code did not end within {limits.inspect_timeout:g} s, so the script was not run. "
            f"Move long work out of the init code, or raise {setting('inspect_timeout')}.",
            TIMED_OUT,
        ) from None


async def _listen(process: Process) -> tuple[bytes, Log]:
    log, answer = Log(), bytearray()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read_log, process, log)
        async for chunk in stream(process.stdout):
            answer += chunk[: _ANSWER_LIMIT + 1 - len(answer)]
    await process.wait()
    return bytes(answer), log


async def _read_log(process: Process, log: Log) -> None:
    async for chunk in stream(process.stderr):
        log.feed(chunk)


def _read(answer: bytes, complaint: str) -> Inspection:
    if len(answer) > _ANSWER_LIMIT:
        raise ScriptRejected(f"The script's options are larger than {_ANSWER_LIMIT // MIB} MiB.")
    try:
        options: Json = json.loads(answer)
        max_vus, total = int(options.pop("maxVUs")), seconds(options.pop("totalDuration"))
    except (ValueError, KeyError):
        raise ScriptRejected(complaint or "k6 gave no reason why it cannot read the script.") from None
    return Inspection(redact_options(_as_written(options)), max_vus, total)


def _as_written(options: Json) -> Json:
    """k6's view of the options without what it adds: nulls, and the scenario it makes from a shortcut."""
    given: Json = _without_nulls(options)
    if _SHORTCUTS & given.keys():
        given.pop("scenarios", None)
    return given


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}  # pyright: ignore[reportUnknownVariableType]
    return value
