"""k6's own bundling of a script on this machine (`k6 archive`), with what it imports and opens."""

from collections.abc import Sequence
from pathlib import Path

from k6_runner.binary import K6
from k6_runner.limits import RunLimits
from k6_runner.log import Log
from k6_runner.process import Access, confined, require_confined
from k6_runner.reading.k6_inspect import ending_in_time, read_log, rejection
from k6_runner.reading.readers import a_reader

_FILES = "A script can use the files of its project's folder, not hidden ones and no others."
_ARCHIVE = "archive.tar"
_COMMAND = (
    *("archive", "--no-color", "--log-format", "json", "--include-system-env-vars=false"),
    *("--exclude-env-vars", "--archive-out", _ARCHIVE),
)


async def archive(k6: K6, entry: Path, files: Sequence[str], scratch: Path, limits: RunLimits) -> Path:
    """Let k6 bundle `entry`, which runs its init code, into a file in `scratch`, when it is its turn.

    `files` are all that it can read, folders with what is in them. Raises ScriptRejected, NotConfined.
    """
    log = Log()
    command = [k6.path, *_COMMAND, str(entry)]
    async with (
        a_reader(limits),
        ending_in_time(limits),
        confined(command, scratch, limits, Access(files)) as process,
    ):
        await read_log(process, log)
        exit_code = await process.wait()
    require_confined(exit_code, log)
    made = scratch / _ARCHIVE
    if exit_code or not made.is_file():
        complaint = " ".join("; ".join(log.complaints).split())[:500]
        raise rejection(complaint or f"k6 ended with {exit_code} and gave no reason.", _FILES)
    return made
