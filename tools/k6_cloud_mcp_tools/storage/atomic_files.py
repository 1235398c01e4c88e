"""Files that outlast a crash: whole or not there at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

UNFINISHED = ".part"


def write_whole(path: Path, pieces: Iterable[bytes], mode: int = 0o600) -> None:
    """Put a file in place whole or not at all, also when the machine stops meanwhile. Raises OSError."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, mode)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a crash. Windows cannot open folders, and needs no such help."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
