import sqlite3
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from k6_cloud.schedules import CreateSchedule
from k6_cloud_sandbox.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store, None, None]:
    """A store over a database that the first version wrote."""
    path = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version_1.sql").read_text("utf-8"))
    store = Store(path)
    yield store
    store.close()


def test_a_database_of_the_first_version_keeps_its_data(store: Store):
    run = store.runs.get(1)

    assert (run.note, run.result, run.project_id, run.retention_expiry) == ("first", "passed", 1, None)
    assert store.load_tests.get(1).name == "Checkout"
    assert store.queue.measured(1)
    with store.load_tests.script(1) as script:
        assert script.read() == b"export default function () {}"


def test_a_database_of_the_first_version_can_do_all_that_a_new_one_can(store: Store):
    schedule = store.schedules.set(1, CreateSchedule(starts=datetime.now(UTC) + timedelta(days=1)))

    assert schedule.next_run
    assert store.limits.get(1).vu_max_per_test is None
    assert [zone.k6_load_zone_id for zone in store.load_zones.list("amazon:us:ashburn")] == [
        "amazon:us:ashburn"
    ]
    assert store.labels.keys() == []


def test_an_old_database_has_the_tables_of_a_new_one(store: Store, tmp_path: Path):
    new = Store(tmp_path / "new.db")
    tables = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2"
    with store.database.read() as one, new.database.read() as other:
        assert [tuple(row) for row in one.execute(tables)] == [tuple(row) for row in other.execute(tables)]
        assert one.execute("PRAGMA foreign_key_check").fetchall() == []
    new.close()
