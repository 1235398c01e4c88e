from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store


def test_an_idempotency_key_is_forgotten_after_ten_minutes(store: Store):
    test = store.load_tests.create(1, "a")
    first = store.runs.start(test.id, "key")

    with store.database.write() as connection:
        past = moment(datetime.now(UTC) - timedelta(minutes=9, seconds=50))
        connection.execute("UPDATE idempotency_keys SET created = ?", [past])
    again = store.runs.start(test.id, "key")
    with store.database.write() as connection:
        past = moment(datetime.now(UTC) - timedelta(minutes=10, seconds=1))
        connection.execute("UPDATE idempotency_keys SET created = ?", [past])
    later = store.runs.start(test.id, "key")

    assert again.id == first.id
    assert later.id != first.id


@pytest.mark.parametrize("processes", [1, 2])
def test_starts_at_once_with_one_key_are_one_run(tmp_path: Path, processes: int):
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(Store(tmp_path / "sandbox.db"))) for _ in range(processes)]
        stores[0].projects.create("Default project", is_default=True)
        test = stores[0].load_tests.create(1, "a")
        with ThreadPoolExecutor(8) as pool:
            starts = [pool.submit(stores[n % processes].runs.start, test.id, "key") for n in range(40)]
        told = {start.result().id for start in starts}
        listed = [run.id for run in stores[0].runs.list(Slice(top=100), test.id).items]
    assert listed == list(told)
    assert len(listed) == 1
