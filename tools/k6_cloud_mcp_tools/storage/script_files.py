"""Kept scripts as files: content-addressed, private, bounded in size and age.

`<sha256>` holds bytes that have that hash, so damage shows. An archive is kept without its secrets and then
has another hash than the service's; `<that hash>.alias` names the file. `<hash>.project-<id>` tells whose it was.
"""

import re
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.archives import clean_chunks, secret_patches
from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp_tools.storage.atomic_files import UNFINISHED, sync_folder, write_whole
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep, Projects

_NAME = re.compile(r"[0-9a-f]{64}(\.alias|\.project-[0-9]+)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_DAY = 24 * 60 * 60
_ALIAS_SIZE = 64


class Backups:
    """Keeps scripts in `directory`, of `max_mib` together, for `days`; the oldest go first.

    Keeping a script again makes it young again. Several processes may share the directory.
    """

    def __init__(self, directory: Path, *, max_mib: int, days: int) -> None:
        self._directory = directory
        self.max_bytes = max_mib * MIB
        self.days = days

    async def check(self, script: Script) -> None:
        """Raise CannotKeep where `keep` would refuse the script for what it is."""
        await to_thread.run_sync(self._check, script)

    async def keep(self, script: Script, project_id: int) -> bool:
        """Keep a script without its secrets. Raises CannotKeep where that is not possible."""
        await to_thread.run_sync(self._keep, script, project_id)
        return True

    async def find(self, sha256: str, projects: Projects) -> tuple[str, Script] | None:
        """A kept script by its hash or the beginning of it (see KeptScripts)."""
        return await to_thread.run_sync(self._find, sha256, projects)

    def _check(self, script: Script) -> None:
        if script.size + _ALIAS_SIZE > self.max_bytes:
            raise CannotKeep(
                f"it has {script.size / MIB:.1f} MiB, more than K6_MCP_BACKUP_MAX_MIB ({self.max_bytes // MIB})"
            )
        try:
            secret_patches(script)
        except ScriptError as error:
            raise CannotKeep(str(error)) from error

    def _keep(self, script: Script, project_id: int) -> None:
        self._check(script)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._clean(script) as clean:
                self._write(clean.sha256, clean.pieces())
                if clean.sha256 != script.sha256:
                    self._write(f"{script.sha256}.alias", [clean.sha256.encode()])
                for name in {clean.sha256, script.sha256}:
                    self._write(f"{name}.project-{project_id}", [])
            self._prune()
        except OSError as error:
            raise CannotKeep(f"{error.strerror or error} ({self._directory})") from error

    def _clean(self, script: Script) -> AbstractContextManager[Script]:
        """The script itself where it holds no secrets, else a copy without them."""
        if not secret_patches(script):
            return nullcontext(script)
        return Script.from_chunks(clean_chunks(script), self.max_bytes)

    def _write(self, name: str, pieces: Iterable[bytes]) -> None:
        write_whole(self._directory / name, pieces)
        sync_folder(self._directory)

    def _find(self, sha256: str, projects: Projects) -> tuple[str, Script] | None:
        with suppress(OSError):
            self._prune()
        names = {path.name for path in self._files() if path.name.startswith(sha256)}
        files = {
            name.removesuffix(".alias"): self._directory / name
            for name in names
            if ".project-" not in name and _may_be_read(name, names, projects)
        }
        if len(files) > 1:
            raise ToolError(f"Several kept scripts begin with {sha256}: give more digits of the sha256.")
        for found, path in files.items():
            if script := self._read(path):
                return found, script
        return None

    def _read(self, path: Path) -> Script | None:
        """The script in a file, or in the one an alias names; None where it is gone or not what its name says."""
        try:
            name = path.read_text("ascii") if path.suffix else path.name
            if not _HASH.fullmatch(name):
                return None
            script = Script.from_path(path.with_name(name), self.max_bytes)
        except (OSError, ValueError, ScriptError):
            return None
        if script.sha256 == name:
            return script
        with script:
            return None

    def _prune(self) -> None:
        """Remove what is too old, and then the oldest of what is too much."""
        total, now = 0, time.time()
        for path in sorted(self._files(), key=_written, reverse=True):
            total += _size(path)
            if total > self.max_bytes or now - _written(path) > self.days * _DAY:
                path.unlink(missing_ok=True)
        for path in self._directory.glob(f"*{UNFINISHED}"):
            if now - _written(path) > _DAY:
                path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return [path for path in self._directory.iterdir() if _NAME.fullmatch(path.name)]


def _may_be_read(name: str, names: set[str], projects: Projects) -> bool:
    """Whether a file was kept for one of these projects."""
    return projects is None or any(f"{name[:64]}.project-{one}" in names for one in projects)


def _written(path: Path) -> float:
    """When a file was written; one that is gone counts as new: there is nothing to remove."""
    with suppress(OSError):
        return path.stat().st_mtime
    return time.time()


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
