"""The folders whose scripts k6 may bundle without confinement, on a machine that cannot confine it.

Only a person adds to them, by the command `trust`: no tool does.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from k6_cloud_mcp_tools.storage.atomic_files import write_whole

_PATHS = TypeAdapter(list[Path])


class TrustError(Exception):
    """A folder cannot be trusted, or the list cannot be read or written; the message says why."""


class TrustedFolders:
    """A list of folders in a file of the state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "trusted_folders.json"

    def all(self) -> list[Path]:
        """The folders, sorted. Raises TrustError for a file that cannot be read."""
        try:
            return sorted(_PATHS.validate_json(self.path.read_bytes()))
        except FileNotFoundError:
            return []
        except (OSError, ValidationError) as error:
            raise TrustError(
                f"{self.path} cannot be read, so no folder is trusted. Correct or remove it."
            ) from error

    def covers(self, folder: Path) -> bool:
        """Whether a folder, or one around it, is trusted. Raises TrustError."""
        resolved = folder.resolve()
        return any(resolved.is_relative_to(one) for one in self.all())

    def add(self, folder: Path) -> Path:
        """Trust a folder with all in it. Raises TrustError, also for a folder that holds more than a project."""
        resolved = folder.expanduser().resolve()
        if not resolved.is_dir():
            raise TrustError(f"There is no folder {resolved}. Nothing was changed.")
        home = Path.home().resolve()
        if home.is_relative_to(resolved):
            raise TrustError(
                f"{resolved} is more than a project: give the folder of one. Nothing was changed."
            )
        self._write({*self.all(), resolved})
        return resolved

    def remove(self, folder: Path) -> bool:
        """Trust a folder no longer; False if it was not trusted. Raises TrustError."""
        resolved, before = folder.expanduser().resolve(), self.all()
        self._write(one for one in before if one != resolved)
        return resolved in before

    def _write(self, folders: Iterable[Path]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.path, [json.dumps(sorted(map(str, folders)), indent=2).encode()])
        except OSError as error:
            raise TrustError(
                f"{self.path} cannot be written: {error.strerror}. Nothing was changed."
            ) from error
