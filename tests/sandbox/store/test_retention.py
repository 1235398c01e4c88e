from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest

from k6_cloud_sandbox.errors import Conflict
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store
from k6_runner.outcome import Outcome

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def days() -> list[int]:
    """The day it is, in its one item."""
    return [0]


@pytest.fixture
def store(days: list[int]) -> Generator[Store, None, None]:
    """A store with run 1, which has results."""
    store = Store(None, clock=lambda: BEGIN + timedelta(days=days[0]))
    run = store.runs.start(store.load_tests.create(store.projects.create("p").id, "a").id)
    store.queue.claim("engine", 1)
    store.queue.end(run.id, "engine", Ending("completed", "passed"), Outcome("completed", "passed"))
    yield store
    store.close()


def test_results_are_kept_for_ever_until_that_is_taken_back(store: Store, days: list[int]):
    days[0] = 9999
    store.retention.delete_expired()

    assert store.runs.get(1).retention_expiry is None
    assert store.queue.measured(1)


def test_unsaved_results_are_deleted_after_thirty_days_and_the_run_stays(store: Store, days: list[int]):
    store.retention.unsave(1)
    days[0] = 10
    store.retention.unsave(1)
    assert store.runs.get(1).retention_expiry == BEGIN + timedelta(days=30)

    days[0] = 29
    store.retention.delete_expired()
    assert store.queue.measured(1)

    days[0] = 30
    store.retention.delete_expired()
    assert store.queue.measured(1) is None
    assert store.runs.get(1).result == "passed"
    with pytest.raises(Conflict, match="Test run has been deleted"):
        store.retention.save(1)


def test_saving_keeps_the_results_again(store: Store, days: list[int]):
    store.retention.unsave(1)
    store.retention.save(1)
    days[0] = 31
    store.retention.delete_expired()

    assert store.queue.measured(1)
    assert store.runs.get(1).retention_expiry is None
