"""Test runs as the API sees them."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Literal

from k6_cloud.models import DistributionZone, StatusExtra, TestRun
from k6_cloud.scripts.script import Script
from k6_cloud.test_runs import Distribution, Node, PatchTestRun, ZoneNodes
from k6_cloud_sandbox.errors import Conflict, NotFound
from k6_cloud_sandbox.store.clock import moment, now
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.load_tests import get_load_test, script_of_test
from k6_cloud_sandbox.store.paging import Rows, Selection, Slice
from k6_cloud_sandbox.store.rows import RUN_COLUMNS, history, run_from
from k6_cloud_sandbox.store.run_state import Ending, end_run
from k6_cloud_sandbox.store.scripts import drop_unused_scripts, read_script

_KEY_LIFETIME = timedelta(minutes=10)
SANDBOX_USER = "sandbox@localhost"
STOPPED_BY_USER = Ending(
    "aborted", "error", StatusExtra(by_user=SANDBOX_USER, message="The run was stopped before it began.")
)
# Whatever zones a test names, its load comes from this machine.
_MACHINE = Node(size="this machine", public_ip="127.0.0.1")
_HERE = DistributionZone(load_zone="local", percent=100)


class Runs:
    """The table of test runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, test_id: int, key: str | None = None, previewed: str | None = None) -> TestRun:
        """A new run of the test's present script, or the one that `key` stood for in the last ten minutes.

        `previewed` is the digest of the options that a person was shown. Raises NotFound for the test.
        """
        with self._database.write() as connection:
            get_load_test(connection, test_id)
            run_id = _started_with(connection, test_id, key) if key else None
            if run_id is None:
                run_id = insert_run(connection, test_id, previewed=previewed)
                _remember(connection, test_id, key, run_id)
            return get_run(connection, run_id)

    def get(self, run_id: int) -> TestRun:
        """One run. Raises NotFound."""
        with self._database.read() as connection:
            return get_run(connection, run_id)

    def list(
        self,
        part: Slice,
        test_id: int | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        is_starred: bool | None = None,
    ) -> Rows[TestRun]:
        """A page of runs: `created_after` is inclusive, `created_before` exclusive. Raises NotFound for the test."""
        conditions: list[tuple[str, object]] = []
        with self._database.read() as connection:
            if test_id is not None:
                get_load_test(connection, test_id)
                conditions.append(("test_id = ?", test_id))
            if created_after is not None:
                conditions.append(("created >= ?", moment(created_after)))
            if created_before is not None:
                conditions.append(("created < ?", moment(created_before)))
            if is_starred is not None:
                conditions.append(("is_starred = ?", is_starred))
            return Selection(RUN_COLUMNS, "test_runs", conditions).fetch(connection, part, run_from)

    def script(self, run_id: int) -> Script:
        """The script as it was at the start, which the caller closes. Raises NotFound."""
        with self._database.read() as connection:
            get_run(connection, run_id)
            script_id = _script_of_run(connection, run_id)
            if script_id is None:
                raise NotFound("The test run has no script.")
            return read_script(connection, script_id)

    def update(self, run_id: int, patch: PatchTestRun) -> None:
        """Set the note. Raises NotFound."""
        self._set(run_id, "note", patch.note)

    def star(self, run_id: int, *, is_starred: bool) -> None:
        """Set or take away the mark. Raises NotFound."""
        self._set(run_id, "is_starred", is_starred)

    def delete(self, run_id: int) -> None:
        """Delete a run with its results. Raises NotFound, or Conflict before its end."""
        with self._database.write() as connection:
            if not get_run(connection, run_id).is_final:
                raise Conflict("Cannot delete test while it's running.")
            connection.execute("DELETE FROM test_runs WHERE id = ?", [run_id])
            drop_unused_scripts(connection)

    def distribution(self, run_id: int) -> Distribution:
        """The one machine that made the load, under each zone of the run. Raises NotFound before it began."""
        run = self.get(run_id)
        if not any(status.type == "running" for status in run.status_history):
            raise NotFound("No distribution data is available for the test run: it has not begun to run.")
        zones: dict[str, ZoneNodes] = {}
        for zone in run.distribution or [_HERE]:
            percentage = zone.percent + (zones[zone.load_zone].percentage if zone.load_zone in zones else 0)
            zones[zone.load_zone] = ZoneNodes(percentage=percentage, nodes=[_MACHINE])
        return Distribution(distribution=zones)

    def abort(self, run_id: int) -> None:
        """Ask for the end of a run; one that no engine has taken yet ends at once. Raises NotFound, Conflict."""
        with self._database.write() as connection:
            run = get_run(connection, run_id)
            if run.is_final:
                raise Conflict("Cannot abort a non-running test.")
            connection.execute("UPDATE test_runs SET abort_requested = TRUE WHERE id = ?", [run_id])
            end_run(connection, run_id, None, STOPPED_BY_USER)

    def _set(self, run_id: int, column: Literal["note", "is_starred"], value: object) -> None:
        with self._database.write() as connection:
            get_run(connection, run_id)
            connection.execute(f"UPDATE test_runs SET {column} = ? WHERE id = ?", [value, run_id])


def get_run(connection: sqlite3.Connection, run_id: int) -> TestRun:
    """One run. Raises NotFound."""
    row = connection.execute(f"SELECT {RUN_COLUMNS} FROM test_runs WHERE id = ?", [run_id]).fetchone()
    if row is None:
        raise NotFound(f"Test run {run_id} not found.")
    return run_from(row)


def insert_run(
    connection: sqlite3.Connection,
    test_id: int,
    started_by: str | None = SANDBOX_USER,
    note: str = "",
    previewed: str | None = None,
) -> int:
    """A new run of the test's present script; its id."""
    script_id = script_of_test(connection, test_id)
    cursor = connection.execute(
        "INSERT INTO test_runs (test_id, script_id, created, started_by, note, status, status_history, previewed)"
        " VALUES (?, ?, ?, ?, ?, 'created', ?, ?)",
        [test_id, script_id, now(), started_by, note, history("[]", "created"), previewed],
    )
    return cursor.lastrowid or 0


def _started_with(connection: sqlite3.Connection, test_id: int, key: str) -> int | None:
    expired = moment(datetime.now(UTC) - _KEY_LIFETIME)
    connection.execute("DELETE FROM idempotency_keys WHERE created < ?", [expired])
    row = connection.execute(
        "SELECT test_run_id FROM idempotency_keys WHERE test_id = ? AND key = ?", [test_id, key]
    ).fetchone()
    return row["test_run_id"] if row else None


def _remember(connection: sqlite3.Connection, test_id: int, key: str | None, run_id: int) -> None:
    if key:
        connection.execute("INSERT INTO idempotency_keys VALUES (?, ?, ?, ?)", [test_id, key, run_id, now()])


def _script_of_run(connection: sqlite3.Connection, run_id: int) -> int | None:
    return connection.execute("SELECT script_id FROM test_runs WHERE id = ?", [run_id]).fetchone()[
        "script_id"
    ]
