"""Letting k6 make an archive of a script on this machine, with what it imports and opens."""

from pathlib import Path

import anyio

from k6_runner.binary import K6
from k6_runner.k6_inspect import ScriptRejected
from k6_runner.limits import RunLimits
from k6_runner.log import Log
from k6_runner.process import confined, stream
from k6_runner.result_codes import TIMED_OUT

_ARCHIVE = "archive.tar"
_COMMAND = (
    *("archive", "--no-color", "--log-format", "json", "--include-system-env-vars=false"),
    *("--exclude-env-vars", "--archive-out", _ARCHIVE),
)


async def archive(k6: K6, entry: Path, scratch: Path, limits: RunLimits) -> Path:
    """Let k6 bundle `entry` (`k6 archive`, which runs its init code) into a file in `scratch`. Raises ScriptRejected."""
    log = Log()
    try:
        with anyio.fail_after(limits.inspect_timeout):
            async with confined([k6.path, *_COMMAND, str(entry)], scratch, limits) as process:
                async for chunk in stream(process.stderr):
                    log.feed(chunk)
                await process.wait()
    except TimeoutError:
        raise ScriptRejected(
            f"its init code did not end within {limits.inspect_timeout:g} s. Move long work out of it.",
            TIMED_OUT,
        ) from None
    made = scratch / _ARCHIVE
    if process.returncode or not made.is_file():
        complaint = " ".join("; ".join(log.errors or log.plain).split())[:500]
        raise ScriptRejected(complaint or f"k6 ended with {process.returncode} and gave no reason.")
    return made
