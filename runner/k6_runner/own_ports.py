"""The ports on which our own servers listen on this machine, so that no script's run can call them.

Each server holds a lock on a file that is named after its port. The operating system frees it when the process ends,
however it ends. The folder belongs to the user: servers of other users are not known.
"""

import logging
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

from filelock import FileLock, Timeout

_log = logging.getLogger(__name__)
_SUFFIX = ".lock"
# Somebody else looks at the file, which takes no time.
_PATIENCE_SECONDS = 5


def default_folder() -> Path:
    """The folder of this user on this machine."""
    return Path(gettempdir()) / f"k6-cloud-mcp-{_user() or 'ports'}"


@contextmanager
def announced(*ports: int, folder: Path | None = None) -> Generator[None, None, None]:
    """Say that a server of ours listens on these ports during the block. Servers work without it, too."""
    folder = folder or default_folder()
    with ExitStack() as stack:
        try:
            _make_own(folder)
            for port in ports:
                path = folder / f"{port}{_SUFFIX}"
                stack.enter_context(_lock(path).acquire(timeout=_PATIENCE_SECONDS))
                stack.callback(path.unlink, missing_ok=True)
        except (OSError, Timeout) as error:
            _log.warning(
                "Scripts that a sandbox runs may call port %s: %s cannot be used: %s", ports, folder, error
            )
        yield


def announced_ports(folder: Path | None = None) -> frozenset[int]:
    """The ports on which servers of ours listen now."""
    with suppress(OSError):
        return frozenset(_live(folder or default_folder()))
    return frozenset()


def _make_own(folder: Path) -> None:
    """Make the folder. Raises PermissionError for one that another user made under its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _user() not in (None, folder.stat().st_uid):
        raise PermissionError(f"{folder} belongs to another user")


def _user() -> int | None:
    return os.getuid() if hasattr(os, "getuid") else None


def _live(folder: Path) -> Iterator[int]:
    for path in folder.glob(f"*{_SUFFIX}"):
        if path.stem.isdigit() and _is_held(path):
            yield int(path.stem)


def _is_held(path: Path) -> bool:
    try:
        with _lock(path).acquire(timeout=0):
            path.unlink(missing_ok=True)
            return False
    except Timeout:
        return True
    except OSError:
        return False


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False)
