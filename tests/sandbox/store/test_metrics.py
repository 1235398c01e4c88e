import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.k6_output import BEGIN, OWNER, measured, metric, point

from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store
from k6_runner.capture.frame import Frame, NewMetric

TABLES = ("metrics", "metric_series", "metric_chunks")
REQUESTS = metric("http_reqs", "counter") + point("http_reqs", 0, 1) + point("http_reqs", 1, 1)


def _rows(store: Store) -> list[int]:
    with store.database.read() as connection:
        return [connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES]


def test_what_a_frame_brings_is_kept(store: Store):
    run = measured(store, REQUESTS)
    (series,) = store.metrics.series(run.id)

    assert store.metrics.list(run.id) == [NewMetric(0, "http_reqs", "counter")]
    assert (series.number, series.metric.name, series.labels) == (0, "http_reqs", {})
    assert store.metrics.cells(run.id, 0).cells == [[0, BEGIN, [1]], [0, BEGIN + 1, [1]]]


def test_nothing_is_kept_of_a_run_that_ended_or_belongs_to_another(store: Store):
    run = measured(store)
    frame = Frame([NewMetric(0, "vus", "gauge")])
    store.queue.record(run.id, "another", frame)
    store.queue.end(run.id, OWNER, Ending("completed", "passed"))
    store.queue.record(run.id, OWNER, frame)

    assert store.metrics.list(run.id) == []


def test_metrics_are_deleted_with_their_test(store: Store):
    run = measured(store, REQUESTS)
    store.queue.end(run.id, OWNER, Ending("completed", "passed"))
    assert _rows(store) == [1, 1, 1]

    store.load_tests.delete(run.test_id)

    assert _rows(store) == [0, 0, 0]


def test_metrics_are_results_that_expire():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    store = Store(None, clock=lambda: moment)
    store.projects.create("Default project", is_default=True)
    run = measured(store, REQUESTS)
    store.retention.unsave(run.id)
    moment += timedelta(days=31)

    store.retention.delete_expired()

    assert _rows(store) == [0, 0, 0]
    assert store.runs.get(run.id).id == run.id
    store.close()


def test_a_database_from_before_there_were_metrics_has_none(tmp_path: Path):
    path = tmp_path / "a.db"
    Store(path).close()
    connection = sqlite3.connect(path)
    for table in TABLES:
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE test_runs DROP COLUMN previewed")
    connection.execute("PRAGMA user_version = 2")
    connection.close()

    store = Store(path)
    assert (store.metrics.list(1), store.metrics.series(1), store.metrics.cells(1, 0).cells) == ([], [], [])
    store.close()
