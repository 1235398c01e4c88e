"""The size of a folder, watched while a command writes to it."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

_LOOKS_PER_SECOND = 20
# An empty file takes room, too.
_EACH_ENTRY = 4096


def size_of(folder: str) -> int:
    """The bytes of all files in a folder, with some for each entry; links are not followed."""
    return sum(_sizes(folder))


class SizeWatch:
    """A bound on the growth of a folder, from now on."""

    def __init__(self, folder: str, limit: int) -> None:
        """Bound the folder to `limit` bytes more than it has."""
        self._folder = folder
        self._most = size_of(folder) + limit

    @property
    def exceeded(self) -> bool:
        """Whether the folder is past its bound now."""
        return size_of(self._folder) > self._most

    def wait(self) -> None:
        """Return once the bound is exceeded, never before.

        Between two looks a command can write as much as the disk takes in a twentieth of a second.
        """
        while not self.exceeded:
            time.sleep(1 / _LOOKS_PER_SECOND)


def remove(folder: str) -> None:
    """Remove a folder with all in it, as far as that is possible."""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            _quietly(os.unlink, parent, name)
        for name in folders:
            _quietly(os.unlink if os.path.islink(os.path.join(parent, name)) else os.rmdir, parent, name)
    _quietly(os.rmdir, folder)


def _sizes(folder: str) -> Iterable[int]:
    # What is being written may be gone again before it is looked at.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield _EACH_ENTRY
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(entry.path)
                else:
                    yield entry.stat(follow_symlinks=False).st_size


def _quietly(removal: Callable[[str], None], *path: str) -> None:
    with suppress(OSError):
        removal(os.path.join(*path))
