"""Records of starts in a file for each stack, which all processes with one state folder share."""

import json
import os
import threading
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING
from uuid import uuid4

import anyio
from anyio import to_thread
from pydantic import ValidationError

from k6_cloud_mcp.state.journal import append_durably
from k6_cloud_mcp_tools.guard.start_records import KEPT, Decide, Start
from k6_cloud_mcp_tools.storage.atomic_files import sync_folder, write_whole

if TYPE_CHECKING:
    from filelock import FileLock

# Longer than the first line.
_HEAD = 160
_DAY = timedelta(days=1)
_TURN_POLL = 0.02


class StartFile:
    """Records as JSON lines, of which the last one of a start holds. Those older than 40 days are dropped.

    The first line says of which stack they are, and differs each time the file is written anew. `patience`
    (seconds) is how long a writer waits for others, `turn_patience` how long a call waits for its turn to spend.
    """

    def __init__(
        self, path: Path, stack: str, *, patience: float = 10.0, turn_patience: float = 60.0
    ) -> None:
        self._path = path
        self._stack = stack
        self._patience = patience
        self._turn_patience = turn_patience
        self._reading = threading.Lock()
        self._forget()

    async def read(self) -> Sequence[Start]:
        """Return the records of the last 40 days, oldest first. Raises OSError."""
        return await to_thread.run_sync(self._read)

    async def write(self, decide: Decide) -> Sequence[Start]:
        """Write what `decide` returns; on return it is on the disk. Raises OSError."""
        return await to_thread.run_sync(self._write, decide)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """Wait until no other process or task has its turn. Raises OSError after `turn_patience`."""
        from filelock import FileLock

        self._make_folder()
        lock = FileLock(f"{self._path}.turn", mode=0o600, thread_local=False)
        try:
            with anyio.move_on_after(self._turn_patience):
                while not await to_thread.run_sync(_take, lock):
                    await anyio.sleep(_TURN_POLL)
            if not lock.is_locked:
                raise TimeoutError(f"another call has not ended for {self._turn_patience:g} seconds")
            yield
        finally:
            lock.release()

    def _read(self) -> Sequence[Start]:
        with self._reading:
            try:
                with self._path.open("rb") as file:
                    self._catch_up(file)
            except FileNotFoundError:
                self._forget()
            return self._kept()

    def _write(self, decide: Decide) -> Sequence[Start]:
        # Imported only when used: a server need not pay for it at start-up.
        from filelock import FileLock

        self._make_folder()
        with FileLock(f"{self._path}.lock", timeout=self._patience, mode=0o600, poll_interval=0.01):
            wanted = decide(self._read())
            if changed := [start for start in wanted if self._starts.get(start.id) != start]:
                self._append(changed)
            self._read()
            if self._has_expired():
                self._write_anew()
        return wanted

    def _append(self, starts: Iterable[Start]) -> None:
        is_new = not self._path.exists()
        append_durably(self._path, (self._first_line() if is_new else b"") + _lines(starts))
        if is_new:
            sync_folder(self._path.parent)

    def _write_anew(self) -> None:
        write_whole(self._path, [self._first_line(), _lines(self._read())])
        sync_folder(self._path.parent)

    def _make_folder(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _first_line(self) -> bytes:
        return json.dumps({"stack": self._stack[:40], "written": uuid4().hex}).encode() + b"\n"

    def _catch_up(self, file: IO[bytes]) -> None:
        """Read what was added since the last time, or all of it if the file was written anew."""
        head = file.read(_HEAD).partition(b"\n")[0]
        if head != self._head or os.fstat(file.fileno()).st_size < self._position:
            self._forget()
            self._head = head
        file.seek(self._position)
        # A line without an end is one that is being written, or whose writer was stopped.
        whole, end, _ = file.read().rpartition(b"\n")
        self._position += len(whole) + len(end)
        self._starts |= {start.id: start for start in filter(None, map(_start_in, whole.splitlines()))}

    def _forget(self) -> None:
        self._head = b""
        self._position = 0
        self._starts: dict[str, Start] = {}

    def _kept(self) -> Sequence[Start]:
        after = datetime.now(UTC) - KEPT
        return [start for start in self._starts.values() if start.at > after]

    def _has_expired(self) -> bool:
        """Whether a record is a day older than is kept, so that the file is written anew at most once a day."""
        before = datetime.now(UTC) - KEPT - _DAY
        return any(start.at < before for start in self._starts.values())


def _take(lock: "FileLock") -> bool:
    """Take a lock if nobody has it."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _lines(starts: Iterable[Start]) -> bytes:
    return b"".join(start.model_dump_json(exclude_defaults=True).encode() + b"\n" for start in starts)


def _start_in(line: bytes) -> Start | None:
    """Return the record in a line; None for a first line, and for one whose writer was stopped."""
    try:
        return Start.model_validate_json(line)
    except ValidationError:
        return None
