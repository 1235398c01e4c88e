from pathlib import Path

import pytest

from k6_cloud.models import StatusExtra
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store

DONE = Ending("completed", "passed")


@pytest.fixture
def runs(store: Store) -> list[int]:
    """Three waiting runs."""
    test = store.load_tests.create(1, "a")
    return [store.runs.start(test.id).id for _ in range(3)]


def test_runs_are_claimed_in_the_order_they_came(store: Store, runs: list[int]):
    assert [store.queue.claim("me", 9) for _ in range(4)] == [*runs, None]


def test_no_more_runs_are_under_way_than_allowed_whoever_owns_them(store: Store, runs: list[int]):
    assert store.queue.claim("me", 2) == runs[0]
    assert store.queue.claim("you", 2) == runs[1]
    assert store.queue.claim("me", 2) is None

    store.queue.end(runs[1], "you", DONE)
    assert store.queue.claim("me", 2) == runs[2]


def test_a_run_that_waits_shows_as_queued(store: Store, runs: list[int]):
    store.queue.claim("me", 1)

    assert [store.runs.get(run).status for run in runs] == ["initializing", "queued", "queued"]
    assert [status.type for status in store.runs.get(runs[0]).status_history] == [
        "created",
        "queued",
        "initializing",
    ]


def test_only_its_owner_moves_a_run_on(store: Store, runs: list[int]):
    store.queue.claim("me", 1)

    store.queue.enter(runs[0], "you", "running")
    store.queue.end(runs[0], "you", DONE)

    assert store.runs.get(runs[0]).status == "initializing"


def test_a_run_that_ended_stays_as_it_is(store: Store, runs: list[int]):
    store.queue.claim("me", 1)
    store.queue.end(runs[0], "me", DONE)
    ended = store.runs.get(runs[0])

    store.queue.enter(runs[0], "me", "running")
    store.queue.end(runs[0], "me", Ending("aborted", "error"))

    assert store.runs.get(runs[0]) == ended


def test_all_runs_of_an_owner_end_together_with_the_reason(store: Store, runs: list[int]):
    store.queue.claim("me", 9)
    store.queue.claim("you", 9)

    store.queue.end_all_of("me", Ending("aborted", "error", StatusExtra(message="gone")))

    mine, yours, waiting = (store.runs.get(run) for run in runs)
    assert mine.result_details
    assert (mine.status, mine.result_details.message) == ("aborted", "gone")
    assert [yours.status, waiting.status] == ["initializing", "queued"]
    assert store.queue.owners() == {"you"}


def test_two_stores_on_one_file_never_claim_the_same_run(tmp_path: Path):
    one, other = Store(tmp_path / "a.db"), Store(tmp_path / "a.db")
    test = one.load_tests.create(one.projects.create("p").id, "a")
    runs = [one.runs.start(test.id).id for _ in range(4)]

    claimed = [store.queue.claim("me", 9) for store in (one, other, one, other)]
    one.close()
    other.close()

    assert claimed == runs
