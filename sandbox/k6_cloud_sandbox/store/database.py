"""The SQLite database: connections and transactions.

A file is in WAL mode with `synchronous=FULL`: what a transaction wrote before it returned survives
`kill -9` and power loss. Several processes may use one file; each thread works on a connection of its
own. `:memory:` has one connection, used by one thread at a time.
"""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.store.schema import migrate

_BUSY_SECONDS = 30.0


class Database:
    """Transactions on the file at `path`, or in memory where that is None."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._alone = threading.Lock()
        if path is not None:
            # The write-ahead log gets the mode of the file. A file that cannot be made is told of below.
            with suppress(OSError):
                path.touch(0o600)
                path.chmod(0o600)
        try:
            with self.write() as connection:
                migrate(connection)
        except sqlite3.DatabaseError as error:
            self.close()
            raise SandboxError(
                f"The sandbox's database {path} cannot be opened: {error}. "
                "Move it away, or set K6_SANDBOX_DIR to another directory."
            ) from error
        except SandboxError:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections; the last process to do so empties the write-ahead log into the file."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def read(self) -> Generator[sqlite3.Connection, None, None]:
        """One consistent view of the data."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection, None, None]:
        """All or nothing, and only one writer at a time over all processes."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Generator[sqlite3.Connection, None, None]:
        with self._connection() as connection:
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection, None, None]:
        if self._path is None:
            with self._alone, self._lent() as connection:
                yield connection
        else:
            with self._lent() as connection:
                yield connection

    @contextmanager
    def _lent(self) -> Generator[sqlite3.Connection, None, None]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection
