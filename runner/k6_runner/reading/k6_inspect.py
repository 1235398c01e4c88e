"""k6's own reading of a script (`k6 inspect`), which runs the script's init code."""

import re
import subprocess
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import Process

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.limits import MIB, RunLimits, setting
from k6_runner.log import Log
from k6_runner.process import NO_ACCESS, Access, confined, require_confined, stream
from k6_runner.reading.readers import a_reader
from k6_runner.result_codes import SCRIPT_ERROR, TIMED_OUT
from k6_runner.sanitize import Wording
from k6_runner.workspace import SCRIPT_NAMES, workspace

ANSWER_LIMIT = MIB
_MISSING_FILE = re.compile(
    "file does not exist|no such file or directory|found on local disk|permission denied"
)
_BUNDLE = "A script finds only the files that are with it in an archive, as `k6 archive` makes."
_NO_NETWORK = re.compile(
    r"couldn't be retrieved from the resolved url|\bsocket: (?:permission denied|operation not permitted)"
)
_MODULE = re.compile(r"https://[^\s\"'\\]+")


class ScriptRejected(Exception):
    """k6 cannot run the script; `message` is k6's reason, `code` the service's number for it."""

    def __init__(self, message: str, code: int = SCRIPT_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class NeedsNetwork(ScriptRejected):
    """The script loads something from the network, which it does not have while it is only read."""


@dataclass(frozen=True)
class Answer:
    """The answer of k6: its standard output, up to ANSWER_LIMIT and a byte, and its log."""

    output: bytes
    log: Log
    complaint: str
    warnings: tuple[str, ...] = ()

    def refusal(self) -> ScriptRejected:
        """The reason why k6 cannot read the script, in its words."""
        return rejection(self.complaint or "k6 gave no reason why it cannot read the script.")


def rejection(complaint: str, about_files: str = _BUNDLE) -> ScriptRejected:
    """A complaint of k6 as an exception, with advice if it is about files or the network."""
    if _NO_NETWORK.search(complaint):
        module = _MODULE.search(complaint)
        return NeedsNetwork(
            f"It loads {module[0] if module else 'something'} from the network, and a script has no network while it is "
            "only read. Copy the module beside the script, or make an archive with `k6 archive` and give that."
        )
    if _MISSING_FILE.search(complaint):
        complaint = f"{complaint.rstrip('.')}. {about_files}"
    return ScriptRejected(complaint)


async def ask(
    k6: K6,
    script: Script,
    limits: RunLimits,
    env: Mapping[str, str],
    *flags: str,
    access: Access = NO_ACCESS,
    settings: Mapping[str, str] | None = None,
) -> Answer:
    """Let k6 read `script`, which runs its init code, when it is its turn.

    `settings` are variables for k6, `env` those of the script. Raises ScriptRejected for a script that does not end,
    NotConfined on a machine that cannot confine it.
    """
    log = Log()
    async with a_reader(limits), workspace(script) as directory:
        command = [k6.path, "inspect", *flags, *_flags(env), SCRIPT_NAMES[script.kind]]
        async with (
            ending_in_time(limits),
            confined(
                command, directory, limits, access, settings=settings, stdout=subprocess.PIPE
            ) as process,
        ):
            output = await _listen(process, log)
            require_confined(await process.wait(), log)
        wording = Wording(script, directory)
        words = wording.clean("; ".join(log.complaints))
        warnings = tuple(wording.clean(warning) for warning in log.warnings)
    return Answer(output, log, words, warnings)


@asynccontextmanager
async def ending_in_time(limits: RunLimits) -> AsyncGenerator[None, None]:
    """Bound the time of k6's reading. Raises ScriptRejected when it is over."""
    try:
        with anyio.fail_after(limits.inspect_timeout):
            yield
    except TimeoutError:
        raise ScriptRejected(
            f"The script's init code did not end within {limits.inspect_timeout:g} s, so the script was not run. "
            f"Move long work out of the init code, or raise {setting('inspect_timeout')}.",
            TIMED_OUT,
        ) from None


def _flags(env: Mapping[str, str]) -> Iterable[str]:
    yield from ("--no-color", "--log-format", "json", "--include-system-env-vars=false")
    for name, value in env.items():
        yield from ("-e", f"{name}={value}")


async def _listen(process: Process, log: Log) -> bytes:
    answer = bytearray()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read_log, process, log)
        async for chunk in stream(process.stdout):
            answer += chunk[: ANSWER_LIMIT + 1 - len(answer)]
    return bytes(answer)


async def read_log(process: Process, log: Log) -> None:
    """Take in all that a process logs."""
    async for chunk in stream(process.stderr):
        log.feed(chunk)
