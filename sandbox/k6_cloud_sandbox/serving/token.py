"""The token that callers of the sandbox over HTTP have to send."""

import os
import secrets
from pathlib import Path

from filelock import FileLock

_FILE = "token"
_BYTES = 32


def kept_token(directory: Path | None) -> str:
    """The token in a file of the directory, made the first time; in memory a new one. Raises OSError."""
    if directory is None:
        return secrets.token_urlsafe(_BYTES)
    path = directory / _FILE
    with FileLock(directory / f"{_FILE}.lock", mode=0o600):
        return _read(path) or _write(path, secrets.token_urlsafe(_BYTES))


def token_file(directory: Path) -> Path:
    """The file that keeps the token."""
    return directory / _FILE


def _read(path: Path) -> str:
    """The token, which from now on only its owner can read; empty if there is none."""
    try:
        path.chmod(0o600)
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _write(path: Path, token: str) -> str:
    """Write the file whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return token
