"""The queue of runs, shared by all processes on one database: who may run what, and what became of it."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from k6_cloud.errors import ErrorDetail
from k6_cloud.models import Cost
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.metrics import add_frame
from k6_cloud_sandbox.store.quota import Allowance, allowance_of
from k6_cloud_sandbox.store.rows import column
from k6_cloud_sandbox.store.run_state import Ending, end_run, enter_status
from k6_cloud_sandbox.store.scripts import read_script
from k6_runner.capture.frame import Frame
from k6_runner.outcome import Check, Outcome, Threshold

_WAITING = "owner IS NULL AND ended IS NULL"
_UNDER_WAY = "owner IS NOT NULL AND ended IS NULL"


@dataclass(frozen=True)
class Measured:
    """The summary of a run by k6; `report` is its HTML page."""

    thresholds: list[Threshold]
    checks: list[Check]
    report: bytes | None


class Queue:
    """The runs that wait or are under way. Each one under way belongs to an owner: a process's engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, owner: str, most: int) -> int | None:
        """Take the oldest waiting run, unless `most` are under way; it is then in `initializing`."""
        if not self._has_waiting():
            return None
        with self._database.write() as connection:
            _enqueue_new(connection)
            busy: int = connection.execute(f"SELECT COUNT(*) FROM test_runs WHERE {_UNDER_WAY}").fetchone()[0]
            oldest = f"SELECT id FROM test_runs WHERE {_WAITING} ORDER BY id LIMIT 1"
            row = connection.execute(oldest).fetchone() if busy < most else None
            if row is None:
                return None
            enter_status(connection, row["id"], None, "initializing", facts={"owner": owner})
            return row["id"]

    def admit(
        self, run_id: int, owner: str, cost: Cost, check: Callable[[Allowance], Iterable[ErrorDetail]]
    ) -> list[ErrorDetail]:
        """Put the estimated cost down for a run, unless `check` objects to it; its objections.

        Both in one transaction, so that runs which begin together cannot pass a limit together.
        """
        query = "SELECT project_id FROM test_runs JOIN load_tests ON load_tests.id = test_id"
        with self._database.write() as connection:
            row = connection.execute(f"{query} WHERE test_runs.id = ?", [run_id]).fetchone()
            objections = [*check(allowance_of(connection, row["project_id"]))]
            if not objections:
                update = "UPDATE test_runs SET cost = ? WHERE id = ? AND owner = ? AND ended IS NULL"
                connection.execute(update, [column(cost), run_id, owner])
            return objections

    def script(self, run_id: int) -> Script | None:
        """The run's script, which the caller closes; None when its test had none."""
        with self._database.read() as connection:
            row = connection.execute("SELECT script_id FROM test_runs WHERE id = ?", [run_id]).fetchone()
            return read_script(connection, row["script_id"]) if row["script_id"] else None

    def previewed(self, run_id: int) -> str | None:
        """The digest of the options that were shown before the run; None if none were."""
        with self._database.read() as connection:
            query = "SELECT previewed FROM test_runs WHERE id = ?"
            return connection.execute(query, [run_id]).fetchone()["previewed"]

    def enter(self, run_id: int, owner: str, status: str, facts: Mapping[str, object] | None = None) -> None:
        """The run's next status, and what is known with it."""
        with self._database.write() as connection:
            enter_status(connection, run_id, owner, status, facts=facts)

    def record(self, run_id: int, owner: str, frame: Frame) -> None:
        """Keep what was measured in a run under way."""
        query = f"SELECT 1 FROM test_runs WHERE id = ? AND {_UNDER_WAY} AND owner = ?"
        with self._database.write() as connection:
            if connection.execute(query, [run_id, owner]).fetchone():
                add_frame(connection, run_id, frame)

    def end(self, run_id: int, owner: str, ending: Ending, outcome: Outcome | None = None) -> None:
        """End a run, with what k6 measured where it ran."""
        with self._database.write() as connection:
            if end_run(connection, run_id, owner, ending) and outcome:
                connection.execute(
                    "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)", [run_id, *_columns(outcome)]
                )

    def end_all_of(self, owner: str, ending: Ending) -> None:
        """End every run that `owner` has under way."""
        with self._database.write() as connection:
            query = f"SELECT id FROM test_runs WHERE {_UNDER_WAY} AND owner = ?"
            for row in connection.execute(query, [owner]).fetchall():
                end_run(connection, row["id"], owner, ending)

    def owners(self) -> set[str]:
        """Everyone who has a run under way."""
        with self._database.read() as connection:
            query = f"SELECT DISTINCT owner FROM test_runs WHERE {_UNDER_WAY}"
            return {row["owner"] for row in connection.execute(query)}

    def under_way(self, owner: str) -> dict[int, bool]:
        """The owner's runs under way, and whether the end of each was asked for."""
        with self._database.read() as connection:
            query = f"SELECT id, abort_requested FROM test_runs WHERE {_UNDER_WAY} AND owner = ?"
            return {row["id"]: bool(row["abort_requested"]) for row in connection.execute(query, [owner])}

    def measured(self, run_id: int) -> Measured | None:
        """Return the summary of a run; None before its end, or if it never ran."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM outcomes WHERE test_run_id = ?", [run_id]).fetchone()
        return _measured(row) if row else None

    def _has_waiting(self) -> bool:
        with self._database.read() as connection:
            return connection.execute(f"SELECT 1 FROM test_runs WHERE {_WAITING}").fetchone() is not None


def _enqueue_new(connection: sqlite3.Connection) -> None:
    query = f"SELECT id FROM test_runs WHERE {_WAITING} AND status = 'created'"
    for row in connection.execute(query).fetchall():
        enter_status(connection, row["id"], None, "queued")


def _columns(outcome: Outcome) -> list[object]:
    thresholds = json.dumps([asdict(threshold) for threshold in outcome.thresholds])
    checks = json.dumps([asdict(check) for check in outcome.checks])
    summary = zlib.compress(json.dumps(outcome.summary).encode()) if outcome.summary else None
    return [thresholds, checks, summary, zlib.compress(outcome.report) if outcome.report else None]


def _measured(row: sqlite3.Row) -> Measured:
    return Measured(
        thresholds=[Threshold(**values) for values in json.loads(row["thresholds"])],
        checks=[Check(**values) for values in json.loads(row["checks"])],
        report=zlib.decompress(row["report"]) if row["report"] else None,
    )
