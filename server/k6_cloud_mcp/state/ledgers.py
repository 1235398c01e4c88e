"""The ledgers of starts: one for each stack, in the state folder."""

import logging
import os
import re
import tempfile
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from weakref import WeakValueDictionary

from k6_cloud.auth import Credentials
from k6_cloud.requests.connection import DEFAULT_BASE_URL
from k6_cloud_mcp.state.start_file import StartFile
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
logger = logging.getLogger(__name__)


class Ledgers:
    """Opens the ledger of a stack; whoever asks for the same stack gets the same one."""

    def __init__(self, folder: Path, base_url: str = DEFAULT_BASE_URL) -> None:
        self._folder = folder
        self._base_url = base_url
        self._open: WeakValueDictionary[str, StartLedger] = WeakValueDictionary()

    def of(self, stack: str) -> StartLedger:
        """Return the ledger of a stack; one that lasts as long as this process if the folder cannot be written to."""
        if (ledger := self._open.get(stack)) is None:
            ledger = self._open[stack] = self._ledger(stack)
        return ledger

    def of_credentials(self, credentials: Credentials) -> StartLedger:
        """Return the ledger of the stack of these credentials, whoever has them."""
        stack = f"stack-{credentials.stack_id}" if credentials.stack_id else str(credentials.stack_url)
        return self.of(stack if self._base_url == DEFAULT_BASE_URL else f"{stack} at {self._base_url}")

    def problem(self) -> str | None:
        """Try to write in the folder, which is made; return why that is not possible."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                os.fsync(file.fileno())
        except OSError as error:
            return f"{self._folder} cannot be written to ({error.strerror})"
        return None

    def _ledger(self, stack: str) -> StartLedger:
        if self._is_writable:
            return StartLedger(StartFile(self._folder / f"{_file_name(stack)}.jsonl", stack))
        return StartLedger(unkept=f"{self._folder} cannot be written to")

    @cached_property
    def _is_writable(self) -> bool:
        """Whether the folder, or the one in which it would be made, lets this process write."""
        there = next((path for path in (self._folder, *self._folder.parents) if path.exists()), None)
        writable = there is not None and there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        if not writable:
            logger.warning(
                "%s cannot be written to: starts are remembered only while this server runs", self._folder
            )
        return writable


def _file_name(stack: str) -> str:
    if _PLAIN.fullmatch(stack):
        return stack
    return sha256(stack.encode()).hexdigest()[:32]
