"""A file of lines that several processes append to: durable, rotated by size, read from its end."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

from k6_cloud_mcp_tools.storage.atomic_files import sync_folder

_BLOCK = 64 * 1024
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Journal:
    """Lines in `path`; past `max_bytes` it becomes `.1`, what was `.1` becomes `.2`, and so on up to `older`.

    `patience` (seconds) is how long a writer waits for others.
    """

    path: Path
    max_bytes: int
    older: int = 5
    patience: float = 10.0

    def append(self, line: str) -> None:
        """Add a line; on return it is on the disk. Raises OSError, also when others hold the file."""
        # Imported only when used: a server need not pay for it at start-up.
        from filelock import FileLock

        data = line.encode() + b"\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock", timeout=self.patience, mode=0o600, poll_interval=0.01):
            if self._size() and self._size() + len(data) > self.max_bytes:
                self._rotate()
            is_new = not self.path.exists()
            append_durably(self.path, data)
            if is_new:
                sync_folder(self.path.parent)

    def newest(self) -> Iterator[bytes]:
        """The lines, the last one first, of this file and the older ones. Raises OSError."""
        seen: set[tuple[int, int]] = set()
        for path in self._files():
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                status = os.fstat(file.fileno())
                # A rotation while we read moves what was read already to the next name.
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    yield from _backwards(file)

    def _files(self) -> list[Path]:
        """The names of the files, the newest first."""
        return [self.path, *(Path(f"{self.path}.{number}") for number in range(1, self.older + 1))]

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _rotate(self) -> None:
        files = self._files()
        for newer, older in reversed([*pairwise(files)]):
            if newer.exists():
                newer.replace(older)


def append_durably(path: Path, data: bytes) -> None:
    """Add whole lines to a file; on return they are on the disk. Nobody else may write meanwhile. Raises OSError."""
    file = os.open(path, _FLAGS, 0o600)
    try:
        whole = (b"\n" if _is_torn(file) else b"") + data
        if os.write(file, whole) < len(whole):
            raise OSError(errno.ENOSPC, "Only a part of the line could be written", str(path))
        os.fsync(file)
    finally:
        os.close(file)


def _is_torn(file: int) -> bool:
    """Whether the last line has no end: its writer was stopped in the middle of it."""
    size = os.lseek(file, 0, os.SEEK_END)
    if not size:
        return False
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) != b"\n"


def _backwards(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file from its end, read in blocks."""
    position = file.seek(0, os.SEEK_END)
    rest = b""
    while position:
        step = min(_BLOCK, position)
        position = file.seek(position - step)
        rest, *lines = (file.read(step) + rest).split(b"\n")
        yield from filter(None, reversed(lines))
    if rest:
        yield rest
