"""The k6 binary: found on this machine, never bundled."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from k6_runner.environment import minimal_environment

INSTALL_HINT = (
    "Install k6 (https://grafana.com/docs/k6/latest/set-up/install-k6/) or set K6_PATH to the k6 binary, "
    "then start the test again."
)
_ANSWER_SECONDS = 10
_known: dict[tuple[str, int, int, int], "K6"] = {}
_VERSION = re.compile(r"\bv(\d+)\.\d+\.\d+\S*")


@dataclass(frozen=True)
class K6:
    """A k6 that answered; `version` is as k6 writes it (`v1.1.0`)."""

    path: str
    version: str
    major: int


async def find_k6(explicit: str | None = None) -> K6 | None:
    """The k6 to use: `explicit` (K6_PATH) if given, else the one on PATH, else one beside this Python.

    An `explicit` that is no working k6 gives None: another k6 is never used in its place.
    """
    path = shutil.which(explicit) if explicit else _on_path() or _beside_python()
    return await _identify(path) if path else None


def _on_path() -> str | None:
    return shutil.which("k6")


def _beside_python() -> str | None:
    """The k6 of a virtual environment that is not activated."""
    return shutil.which("k6", path=str(Path(sys.executable).parent))


async def _identify(path: str) -> K6 | None:
    # In a thread, because asyncio loses a process whose start is cancelled.
    try:
        return await to_thread.run_sync(_identity, path)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _identity(path: str) -> K6 | None:
    """The k6 at a path, asked for its version once for each state of the file."""
    file = Path(path).resolve()
    status = file.stat()
    state = (str(file), status.st_ino, status.st_size, status.st_mtime_ns)
    if state not in _known:
        found = _VERSION.search(_version_of(path))
        if found is None:
            return None
        _known[state] = K6(str(file), found[0].rstrip(","), int(found[1]))
    return _known[state]


def _version_of(path: str) -> str:
    done = subprocess.run(
        [path, "version"],
        env=minimal_environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_ANSWER_SECONDS,
    )
    return done.stdout.decode(errors="replace")
