"""Making one k6 archive of a script and the local files that it uses, by `k6 archive`, confined as in the sandbox."""

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from anyio import to_thread

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.script import Script
from k6_cloud_mcp.local_k6.repacking import repacked
from k6_cloud_mcp_tools.context import BundleScript

_SHOWN = 5
# What k6 makes of the home folders of users when it writes paths into an archive.
_HOME = re.compile(r"^(/[a-z])?/(Users|home|Documents and Settings)/[^/]+", re.IGNORECASE)


def script_bundler(limit: int) -> BundleScript:
    """A function that makes an archive, of `limit` bytes at most, of an entry file and what it uses from a folder.

    It gives None where there is no k6, and raises ScriptError where k6 cannot read the script, or where it would take
    along files that are hidden or lie outside of the folder.
    """

    async def bundle_script(entry: Path, folder: Path) -> Script | None:
        from k6_runner.archiving import archive
        from k6_runner.binary import find_k6
        from k6_runner.k6_inspect import ScriptRejected
        from k6_runner.limits import RunLimits

        k6 = await find_k6(os.environ.get("K6_PATH"))
        if k6 is None:
            return None
        entry, folder = entry.resolve(), folder.resolve()
        with TemporaryDirectory(prefix="k6-bundle-", ignore_cleanup_errors=True) as scratch:
            try:
                made = await archive(k6, entry, Path(scratch), replace(RunLimits(), output_bytes=limit))
            except ScriptRejected as error:
                raise ScriptError(
                    f"k6 cannot bundle {entry.name}: {str(error).rstrip('.')}. Nothing was sent."
                ) from error
            return await to_thread.run_sync(_checked, made, entry, folder, limit)

    return bundle_script


def _checked(made: Path, entry: Path, folder: Path, limit: int) -> Script:
    with Script.from_path(made, limit) as script:
        paths = [member.path for member in script.members()]
        if strangers := [path for path in _local(paths) if not _belongs(path, entry, folder)]:
            names = ", ".join(strangers[:_SHOWN])
            raise ScriptError(
                f"{entry.name} uses files that are hidden or outside of {folder}: {names}. They were not bundled and nothing "
                "was sent. Move them into the folder; or, if they may be sent, run `k6 archive` and give the .tar."
            )
        return repacked(script, limit)


def _local(paths: Iterable[str]) -> Iterable[str]:
    """The files of this machine in an archive, by their paths; not those that came from the network."""
    return [path.removeprefix("file") for path in paths if path.startswith("file/")]


def _belongs(path: str, entry: Path, folder: Path) -> bool:
    """Whether a file of an archive really lies in the folder, also when links are followed, and is not hidden."""
    root = _HOME.sub(r"\1/\2/nobody", folder.as_posix())
    if not path.startswith(f"{root.rstrip('/')}/"):
        return False
    real = (folder / path[len(root) :].lstrip("/")).resolve()
    if real == entry:
        return True
    return real.is_relative_to(folder) and not any(
        part.startswith(".") for part in real.relative_to(folder).parts
    )
