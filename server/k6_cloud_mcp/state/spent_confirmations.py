"""Spent confirmations, in a folder that the server's processes share."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from k6_cloud_mcp_tools.guard.confirmations import ConfirmationRefused


class SpentFiles:
    """One empty file for each confirmation that was used, until it would have expired."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now

    def claim(self, nonce: bytes, expires: float) -> bool:
        """Use `nonce` up. False when any process used it before; ConfirmationRefused where that cannot be told."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget_expired()
            return self._note(nonce.hex(), expires)
        except OSError as error:
            raise ConfirmationRefused(
                f"Not done: the server cannot note in {self._folder} that this confirmation is used ({error.strerror}). "
                "Ask the operator to make that folder writable (K6_MCP_STATE_DIR)."
            ) from error

    def _note(self, name: str, expires: float) -> bool:
        """Put a file there under this name, dated when it may go. False where there is one."""
        dated = self._folder / f".{secrets.token_hex(8)}"
        dated.touch(0o600)
        try:
            # Dated before it has its name: else another process could take it for an expired one.
            os.utime(dated, (expires, expires))
            os.link(dated, self._folder / name)
        except FileExistsError:
            return False
        finally:
            dated.unlink(missing_ok=True)
        return True

    def _forget_expired(self) -> None:
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.name[0] != "." and path.stat().st_mtime < self._now():
                    path.unlink()
