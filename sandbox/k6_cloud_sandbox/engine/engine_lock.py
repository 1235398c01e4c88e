"""The lock that tells which engine a run belongs to, and whether that engine is still alive.

Each engine holds a lock on a file of its own. The operating system frees it when the process ends, however
it ends, so a run whose owner's lock is free was left behind.
"""

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout


@dataclass(frozen=True)
class Owner:
    """One engine's name; `directory` holds the lock files, and is None for a database in memory."""

    name: str
    directory: Path | None

    def is_dead(self, other: str) -> bool:
        """Whether the engine called `other` has ended."""
        if other == self.name or self.directory is None:
            return False
        path = _lock_file(self.directory, other)
        if not path.exists():
            return True
        try:
            with _lock(path).acquire(timeout=0):
                return True
        except Timeout:
            return False

    def forget(self, other: str) -> None:
        """Remove the lock file of a dead engine."""
        if self.directory is not None:
            _lock_file(self.directory, other).unlink(missing_ok=True)


@contextmanager
def owning(directory: Path | None) -> Generator[Owner, None, None]:
    """A new owner, alive until the end of the block."""
    owner = Owner(uuid.uuid4().hex, directory)
    if directory is None:
        yield owner
        return
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    with _lock(_lock_file(directory, owner.name)).acquire():
        yield owner
    owner.forget(owner.name)


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False)


def _lock_file(directory: Path, owner: str) -> Path:
    return directory / f"{owner}.lock"
