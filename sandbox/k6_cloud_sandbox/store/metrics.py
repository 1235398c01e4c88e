"""Metrics of runs: their series, and the values in chunks as they came."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from k6_cloud_sandbox.store.database import Database
from k6_runner.capture.frame import Cell, Frame, NewMetric, unpack


@dataclass(frozen=True)
class StoredSeries:
    """One series of a run: its number in the run, its metric, and its labels."""

    number: int
    metric: NewMetric
    labels: dict[str, str]


@dataclass(frozen=True)
class StoredCells:
    """The cells of one metric, in the order they came; `seconds` is the longest period among them."""

    cells: list[Cell]
    seconds: int


class Metrics:
    """The tables of metrics. A run that has none is an empty one here, whether or not it exists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, run_id: int) -> list[NewMetric]:
        """The run's metrics, by name."""
        with self._database.read() as connection:
            query = "SELECT number, name, type FROM metrics WHERE test_run_id = ? ORDER BY name"
            return [NewMetric(**row) for row in connection.execute(query, [run_id])]

    def series(self, run_id: int) -> "list[StoredSeries]":
        """All series of a run."""
        query = (
            "SELECT s.number, s.labels, m.number AS metric, m.name, m.type FROM metric_series s"
            " JOIN metrics m ON m.test_run_id = s.test_run_id AND m.number = s.metric"
            " WHERE s.test_run_id = ? ORDER BY s.number"
        )
        with self._database.read() as connection:
            return [_series(row) for row in connection.execute(query, [run_id])]

    def cells(self, run_id: int, metric: int) -> StoredCells:
        """All values of a metric."""
        query = "SELECT seconds, body FROM metric_chunks WHERE test_run_id = ? AND metric = ? ORDER BY id"
        with self._database.read() as connection:
            rows = connection.execute(query, [run_id, metric]).fetchall()
        cells = [cell for row in rows for cell in unpack(row["body"])]
        return StoredCells(cells, max((row["seconds"] for row in rows), default=1))

    def until(self, run_id: int) -> int | None:
        """The second at which the last value of a run lies behind; None where it has none."""
        query = "SELECT MAX(until) FROM metric_chunks WHERE test_run_id = ?"
        with self._database.read() as connection:
            return connection.execute(query, [run_id]).fetchone()[0]


def add_frame(connection: sqlite3.Connection, run_id: int, frame: Frame) -> None:
    """Keep what a frame brings."""
    _insert(connection, "metrics", ((run_id, m.number, m.name, m.type) for m in frame.metrics))
    series = ((run_id, s.number, s.metric, json.dumps(s.labels)) for s in frame.series)
    _insert(connection, "metric_series", series)
    _insert(
        connection,
        "metric_chunks",
        ((None, run_id, c.metric, c.seconds, c.until, c.body) for c in frame.chunks),
    )


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    for row in rows:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _series(row: sqlite3.Row) -> StoredSeries:
    metric = NewMetric(row["metric"], row["name"], row["type"])
    return StoredSeries(row["number"], metric, json.loads(row["labels"]))
