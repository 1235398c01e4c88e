"""Fills a sandbox: 1,000 load tests, and runs that are copies of one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store

TESTS = 1000
LAST_TEST = f"Region {TESTS - 1:04}"
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def fill(folder: Path, runs: int) -> None:
    """Fill the sandbox in `folder`, which nobody else uses now. Half of the runs are of its first test."""
    store = Store(folder / "sandbox.db")
    try:
        for number in range(len(store.load_tests.list(Slice()).items), TESTS):
            store.load_tests.create(1, f"Region {number:04}")
        _copy_runs(store, runs)
    finally:
        store.close()


def _copy_runs(store: Store, count: int) -> None:
    model = store.runs.start(1).id
    with store.database.write() as connection:
        connection.execute(
            "UPDATE test_runs SET status = 'completed', result = 'passed', ended = created WHERE id = ?",
            [model],
        )
        names = [row["name"] for row in connection.execute("PRAGMA table_info(test_runs)")]
        copied = [name for name in names if name not in ("id", "test_id", "created")]
        columns = ", ".join(copied)
        statement = f"INSERT INTO test_runs (test_id, created, {columns}) SELECT ?, ?, {columns} FROM test_runs WHERE id = ?"
        connection.executemany(statement, ((_test(n), _moment(n), model) for n in range(count - 1)))


def _test(number: int) -> int:
    return 1 if number % 2 else number // 2 % TESTS + 1


def _moment(number: int) -> str:
    return (_BEGIN + timedelta(minutes=4 * number)).isoformat(timespec="microseconds").replace("+00:00", "Z")
