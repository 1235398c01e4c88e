"""Schedules, and the runs they start."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from k6_cloud.planning.recurrence import next_start, problems_of
from k6_cloud.schedules import CreateSchedule, Schedule
from k6_cloud_sandbox.errors import Conflict, InvalidRequest, NotFound
from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.load_tests import get_load_test
from k6_cloud_sandbox.store.paging import Rows, Selection, Slice
from k6_cloud_sandbox.store.runs import SANDBOX_USER, insert_run

# A start that is later than this was missed: no sandbox ran at its time.
_LATEST = timedelta(seconds=60)
_COLUMNS = "id, test_id AS load_test_id, plan, deactivated, created_by, next_run, missed_since"


@dataclass(frozen=True)
class Turn:
    """A schedule whose time has come: the run it started, and since when starts were missed, if any."""

    load_test_id: int
    run_id: int | None
    missed_since: str | None


class Schedules:
    """The table of schedules; `clock` tells the present."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def set(self, test_id: int, plan: CreateSchedule) -> Schedule:
        """The schedule of a test, in place of any it has. Raises NotFound, or InvalidRequest for a cron line."""
        if details := [*problems_of(plan)]:
            raise InvalidRequest.fields(details)
        next_run = _column(next_start(plan, self._clock()))
        with self._database.write() as connection:
            get_load_test(connection, test_id)
            connection.execute(
                "INSERT INTO schedules (test_id, plan, created_by, next_run) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (test_id) DO UPDATE SET plan = excluded.plan, next_run = excluded.next_run,"
                " created_by = excluded.created_by, deactivated = FALSE, missed_since = NULL",
                [test_id, plan.model_dump_json(), SANDBOX_USER, next_run],
            )
            return _schedule(_of_test(connection, test_id))

    def get(self, schedule_id: int) -> Schedule:
        """One schedule. Raises NotFound."""
        with self._database.read() as connection:
            return _schedule(_row(connection, schedule_id))

    def of_test(self, test_id: int) -> Schedule:
        """The schedule of a test. Raises NotFound for the test, or when it has none."""
        with self._database.read() as connection:
            get_load_test(connection, test_id)
            return _schedule(_of_test(connection, test_id))

    def delete(self, schedule_id: int) -> None:
        """Delete a schedule; runs it has started go on. Raises NotFound."""
        with self._database.write() as connection:
            _row(connection, schedule_id)
            connection.execute("DELETE FROM schedules WHERE id = ?", [schedule_id])

    def activate(self, schedule_id: int) -> None:
        """Let it start tests again, from now on. Raises NotFound, or Conflict when no start is left."""
        with self._database.write() as connection:
            row = _row(connection, schedule_id)
            next_run = next_start(_plan(row), self._clock())
            if next_run is None:
                raise Conflict("Cannot re-activate an expired schedule.")
            if row["deactivated"]:
                connection.execute(
                    "UPDATE schedules SET deactivated = FALSE, next_run = ? WHERE id = ?",
                    [_column(next_run), schedule_id],
                )

    def deactivate(self, schedule_id: int) -> None:
        """Keep it from starting tests; its recurrence goes on, and an expired one stays as it is. Raises NotFound."""
        with self._database.write() as connection:
            _row(connection, schedule_id)
            connection.execute(
                "UPDATE schedules SET deactivated = TRUE, missed_since = NULL"
                " WHERE id = ? AND next_run IS NOT NULL",
                [schedule_id],
            )

    def fire(self) -> list[Turn]:
        """Start the tests whose time has come. Each start happens once, however many processes ask."""
        now = self._clock()
        due, values = "SELECT * FROM schedules WHERE next_run <= ?", [moment(now)]
        with self._database.read() as connection:
            if connection.execute(due, values).fetchone() is None:
                return []
        with self._database.write() as connection:
            return [_take(connection, row, now) for row in connection.execute(due, values).fetchall()]

    def list(self, part: Slice) -> Rows[Schedule]:
        """A page of schedules."""
        with self._database.read() as connection:
            return Selection(_COLUMNS, "schedules").fetch(connection, part, _schedule)


def _take(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> Turn:
    """Start the schedule's test, unless it is deactivated or its time is long past; and move it on."""
    plan = _plan(row)
    current: datetime | None = datetime.fromisoformat(row["next_run"])
    missed_since: str | None = row["missed_since"]
    if now - current > _LATEST:
        missed_since = missed_since or row["next_run"]
        current = next_start(plan, now - _LATEST)
    run_id = None
    if row["deactivated"]:
        missed_since = None
    elif current is not None and current <= now:
        run_id = insert_run(connection, row["test_id"], row["created_by"], _note(missed_since))
    connection.execute(
        "UPDATE schedules SET next_run = ?, missed_since = ? WHERE id = ?",
        [_column(next_start(plan, now)), None if run_id else missed_since, row["id"]],
    )
    return Turn(row["test_id"], run_id, missed_since)


def _note(missed_since: str | None) -> str:
    if missed_since is None:
        return ""
    return f"Scheduled starts from {missed_since} on were skipped: no sandbox was running then."


def _row(connection: sqlite3.Connection, schedule_id: int) -> sqlite3.Row:
    row = connection.execute(f"SELECT {_COLUMNS} FROM schedules WHERE id = ?", [schedule_id]).fetchone()
    if row is None:
        raise NotFound(f"Schedule {schedule_id} not found.")
    return row


def _of_test(connection: sqlite3.Connection, test_id: int) -> sqlite3.Row:
    row = connection.execute(f"SELECT {_COLUMNS} FROM schedules WHERE test_id = ?", [test_id]).fetchone()
    if row is None:
        raise NotFound("The load test has no schedule.")
    return row


def _plan(row: sqlite3.Row) -> CreateSchedule:
    return CreateSchedule.model_validate_json(row["plan"])


def _schedule(row: sqlite3.Row) -> Schedule:
    return Schedule.model_validate({**_plan(row).model_dump(), **dict(row)})


def _column(time: datetime | None) -> str | None:
    return time and moment(time)
