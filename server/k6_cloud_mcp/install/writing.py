"""Writing a host's file: whole or not at all, with the old one kept beside it."""

import shutil
import stat
from datetime import datetime
from pathlib import Path

from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.plan import Plan
from k6_cloud_mcp_tools.storage.atomic_files import write_whole


def write(plan: Plan, now: datetime, *, secret: bool = False) -> Path | None:
    """Write the new text and return the backup of the old file, if there was one. `secret`: for the user's eyes only.

    Raises InstallError if the file was changed since the plan was made, or cannot be written.
    """
    try:
        return _write(plan, now, secret=secret)
    except OSError as error:
        raise InstallError(
            f"{plan.path} cannot be written: {error.strerror}. Nothing was changed. Make it writable for this user, or "
            "paste what --print shows."
        ) from error


def _write(plan: Plan, now: datetime, *, secret: bool) -> Path | None:
    # Dotfiles are often links into a repository: the link stays, and its target is written.
    path = plan.path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    _check(path, plan)
    backup = _back_up(path, now) if plan.before is not None else None
    write_whole(path, [plan.after.encode()], _mode(path, secret=secret))
    return backup


def _check(path: Path, plan: Plan) -> None:
    current = path.read_bytes().decode() if path.exists() else None
    if current != plan.before:
        raise InstallError(
            f"{path} was changed by another program meanwhile. Nothing was written. Try again."
        )
    if current is not None and not path.stat().st_mode & stat.S_IWUSR:
        raise PermissionError(13, "it is marked as read-only")


def _back_up(path: Path, now: datetime) -> Path:
    backup = path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S}.bak")
    shutil.copy2(path, backup)
    return backup


def _mode(path: Path, *, secret: bool) -> int:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    return mode & 0o700 if secret else mode
