"""Letting k6 read a script (`k6 inspect`), and hearing what it says."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import Process

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.limits import MIB, RunLimits, setting
from k6_runner.log import Log
from k6_runner.process import confined, stream
from k6_runner.result_codes import SCRIPT_ERROR, TIMED_OUT
from k6_runner.sanitize import Wording
from k6_runner.workspace import SCRIPT_NAMES, workspace

ANSWER_LIMIT = MIB
_MISSING_FILE = re.compile("file does not exist|no such file or directory|found on local disk")
_BUNDLE = "A script finds only the files that are with it in an archive, as `k6 archive` makes."


class ScriptRejected(Exception):
    """k6 cannot run the script; `message` is k6's reason, `code` the service's number for it."""

    def __init__(self, message: str, code: int = SCRIPT_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What k6 said: on its standard output, up to ANSWER_LIMIT and a byte, and in its log."""

    output: bytes
    log: Log
    complaint: str

    def refusal(self) -> ScriptRejected:
        """Why k6 cannot read the script, in its words."""
        complaint = self.complaint or "k6 gave no reason why it cannot read the script."
        if _MISSING_FILE.search(complaint):
            complaint = f"{complaint.rstrip('.')}. {_BUNDLE}"
        return ScriptRejected(complaint)


def require_small(answer: bytes | str) -> None:
    """Raise ScriptRejected for options that nobody means to write."""
    if len(answer) > ANSWER_LIMIT:
        raise ScriptRejected(f"The script's options are larger than {ANSWER_LIMIT // MIB} MiB.")


async def ask(
    k6: K6,
    script: Script,
    limits: RunLimits,
    env: Mapping[str, str],
    *flags: str,
    settings: Mapping[str, str] | None = None,
    log: Log | None = None,
) -> Answer:
    """Let k6 read `script`, which runs its init code. Raises ScriptRejected for one that does not end.

    `settings` are variables for k6, `env` those of the script.
    """
    log = log or Log()
    async with workspace(script) as directory:
        command = [k6.path, "inspect", *flags, *_flags(env), SCRIPT_NAMES[script.kind]]
        output = await _output(command, directory, limits, settings, log)
        words = Wording(script, directory).clean("; ".join(log.errors or log.plain))
    return Answer(output, log, words)


def _flags(env: Mapping[str, str]) -> Iterable[str]:
    yield from ("--no-color", "--log-format", "json", "--include-system-env-vars=false")
    for name, value in env.items():
        yield from ("-e", f"{name}={value}")


async def _output(
    command: list[str], directory: Path, limits: RunLimits, settings: Mapping[str, str] | None, log: Log
) -> bytes:
    try:
        with anyio.fail_after(limits.inspect_timeout):
            async with confined(
                command, directory, limits, settings=settings, stdout=subprocess.PIPE
            ) as process:
                return await _listen(process, log)
    except TimeoutError:
        raise ScriptRejected(
            f"The script's init code did not end within {limits.inspect_timeout:g} s, so the script was not run. "
            f"Move long work out of the init code, or raise {setting('inspect_timeout')}.",
            TIMED_OUT,
        ) from None


async def _listen(process: Process, log: Log) -> bytes:
    answer = bytearray()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read_log, process, log)
        async for chunk in stream(process.stdout):
            answer += chunk[: ANSWER_LIMIT + 1 - len(answer)]
    await process.wait()
    return bytes(answer)


async def _read_log(process: Process, log: Log) -> None:
    async for chunk in stream(process.stderr):
        log.feed(chunk)
