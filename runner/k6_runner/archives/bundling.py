"""One archive of a script and the files of its project that it uses, made by a confined `k6 archive`."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from anyio import to_thread

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.script import Script
from k6_runner.archives.archiving import archive
from k6_runner.archives.repacking import repacked
from k6_runner.binary import K6
from k6_runner.limits import RunLimits
from k6_runner.reading.k6_inspect import ScriptRejected

_SHOWN = 5
# k6 replaces the names of users' home folders when it writes paths into an archive.
_HOME = re.compile(r"^(/[a-z])?/(Users|home|Documents and Settings)/[^/]+", re.IGNORECASE)


async def bundle(k6: K6, entry: Path, folder: Path, limits: RunLimits, max_bytes: int) -> Script:
    """An archive, of `max_bytes` at most, of an entry file and the files of `folder` that it uses.

    Raises ScriptError if k6 cannot read the script, or if it uses files that are hidden or lie outside of the folder;
    NotConfined on a machine that cannot confine k6.
    """
    entry, folder = entry.resolve(), folder.resolve()
    limits = replace(limits, output_bytes=max_bytes, directory_bytes=2 * max_bytes)
    files = [*await to_thread.run_sync(lambda: list(project_files(entry, folder)))]
    with TemporaryDirectory(prefix="k6-bundle-", ignore_cleanup_errors=True) as scratch:
        try:
            made = await archive(k6, entry, files, Path(scratch).resolve(), limits)
        except ScriptRejected as error:
            raise ScriptError(
                f"k6 cannot bundle {entry.name}: {str(error).rstrip('.')}. Nothing was uploaded."
            ) from error
        return await to_thread.run_sync(_checked, made, entry, folder, max_bytes)


def project_files(entry: Path, folder: Path) -> Iterator[str]:
    """The entry, and what lies in its project's folder: not hidden things, and no links, which may lead out of it."""
    yield str(entry)
    with os.scandir(folder) as found:
        for one in found:
            if not one.name.startswith(".") and not one.is_symlink():
                yield one.path


def _checked(made: Path, entry: Path, folder: Path, max_bytes: int) -> Script:
    with Script.from_path(made, max_bytes) as script:
        paths = [member.path for member in script.members()]
        if strangers := [path for path in _local(paths) if not _belongs(path, entry, folder)]:
            names = ", ".join(strangers[:_SHOWN])
            raise ScriptError(
                f"{entry.name} uses files that are hidden or outside of {folder}: {names}. They were not bundled and nothing "
                "was uploaded. Move them into the folder; or, if they may be uploaded, run `k6 archive` and give the .tar."
            )
        return repacked(script, max_bytes, _root(folder))


def _local(paths: Iterable[str]) -> Iterable[str]:
    """The files of this machine in an archive, by their paths; not those that came from the network."""
    return [path.removeprefix("file") for path in paths if path.startswith("file/")]


def _root(folder: Path) -> str:
    """The path that k6 writes into an archive for a folder."""
    return _HOME.sub(r"\1/\2/nobody", folder.as_posix())


def _belongs(path: str, entry: Path, folder: Path) -> bool:
    """Whether a file of an archive really lies in the folder, also when links are followed, and is not hidden."""
    root = _root(folder)
    if not path.startswith(f"{root.rstrip('/')}/"):
        return False
    real = (folder / path[len(root) :].lstrip("/")).resolve()
    if real == entry:
        return True
    return real.is_relative_to(folder) and not any(
        part.startswith(".") for part in real.relative_to(folder).parts
    )
