import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k6_cloud.schedules import CreateSchedule
from k6_cloud_sandbox.errors import Conflict, NotFound
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store

MONDAY = datetime(2030, 5, 6, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    time: datetime = field(default=MONDAY)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Generator[Store, None, None]:
    """A store with test 1 in project 1; it is Monday, the 6th of May 2030, 12:00."""
    store = Store(None, clock)
    store.load_tests.create(store.projects.create("p").id, "a")
    yield store
    store.close()


def daily(**rule: Any) -> CreateSchedule:
    """Every day at 13:00, from this Monday on."""
    values = {"starts": MONDAY + timedelta(hours=1), "recurrence_rule": {"frequency": "DAILY", **rule}}
    return CreateSchedule.model_validate(values)


def runs(store: Store) -> list[int]:
    return [run.id for run in store.runs.list(Slice()).items]


def test_a_schedule_fires_once_when_its_time_has_come(store: Store, clock: Clock):
    store.schedules.set(1, daily())
    assert store.schedules.fire() == []

    clock.time = MONDAY + timedelta(hours=1)
    fired = [*store.schedules.fire(), *store.schedules.fire()]

    assert [(turn.load_test_id, turn.run_id, turn.missed_since) for turn in fired] == [(1, 1, None)]
    assert store.schedules.get(1).next_run == MONDAY + timedelta(hours=25)
    run = store.runs.get(1)
    assert (run.started_by, run.note, run.status) == ("sandbox@localhost", "", "created")


def test_a_start_up_to_a_minute_late_still_happens(store: Store, clock: Clock):
    store.schedules.set(1, daily())
    clock.time = MONDAY + timedelta(hours=1, seconds=60)

    assert [(turn.run_id, turn.missed_since) for turn in store.schedules.fire()] == [(1, None)]


def test_starts_missed_while_nothing_ran_are_skipped_and_told_with_the_next_run(store: Store, clock: Clock):
    store.schedules.set(1, daily())
    clock.time = MONDAY + timedelta(days=3)

    skipped = store.schedules.fire()
    assert [(turn.run_id, turn.missed_since) for turn in skipped] == [(None, "2030-05-06T13:00:00.000000Z")]
    assert store.schedules.get(1).next_run == MONDAY + timedelta(days=3, hours=1)
    assert runs(store) == []

    clock.time = MONDAY + timedelta(days=3, hours=1)
    store.schedules.fire()
    clock.time = MONDAY + timedelta(days=4, hours=1)
    store.schedules.fire()
    assert "from 2030-05-06T13:00:00.000000Z on were skipped" in store.runs.get(1).note
    assert store.runs.get(2).note == ""


def test_a_start_that_is_due_happens_though_earlier_ones_were_missed(store: Store, clock: Clock):
    store.schedules.set(1, daily())
    clock.time = MONDAY + timedelta(days=3, hours=1, seconds=20)

    assert [turn.run_id for turn in store.schedules.fire()] == [1]
    assert "were skipped" in store.runs.get(1).note
    assert store.schedules.get(1).next_run == MONDAY + timedelta(days=4, hours=1)


def test_a_schedule_expires_after_its_last_start(store: Store, clock: Clock):
    store.schedules.set(1, daily(count=2))
    for days in range(4):
        clock.time = MONDAY + timedelta(days=days, hours=1)
        store.schedules.fire()

    assert len(runs(store)) == 2
    assert store.schedules.get(1).next_run is None
    store.schedules.deactivate(1)
    assert not store.schedules.get(1).deactivated
    with pytest.raises(Conflict, match="Cannot re-activate an expired schedule"):
        store.schedules.activate(1)


def test_a_deactivated_schedule_moves_on_without_starting_anything(store: Store, clock: Clock):
    store.schedules.set(1, daily())
    store.schedules.deactivate(1)
    clock.time = MONDAY + timedelta(days=2)

    assert [(turn.run_id, turn.missed_since) for turn in store.schedules.fire()] == [(None, None)]
    schedule = store.schedules.get(1)
    assert (schedule.deactivated, schedule.next_run) == (True, MONDAY + timedelta(days=2, hours=1))
    assert schedule.recurrence_rule

    store.schedules.activate(1)
    clock.time = MONDAY + timedelta(days=2, hours=1)
    assert [turn.run_id for turn in store.schedules.fire()] == [1]
    assert store.runs.get(1).note == ""


def test_a_deactivated_schedule_expires_like_any_other(store: Store, clock: Clock):
    store.schedules.set(1, daily(count=1))
    store.schedules.deactivate(1)
    clock.time = MONDAY + timedelta(days=2)
    store.schedules.fire()

    assert store.schedules.get(1).next_run is None
    with pytest.raises(Conflict):
        store.schedules.activate(1)


def test_a_new_schedule_takes_the_place_of_the_old_one(store: Store):
    store.schedules.set(1, daily())
    store.schedules.deactivate(1)

    schedule = store.schedules.set(1, CreateSchedule(starts=MONDAY + timedelta(days=9)))

    assert (schedule.id, schedule.deactivated, schedule.recurrence_rule) == (1, False, None)
    assert store.schedules.of_test(1) == schedule


def test_deleting_a_test_deletes_its_schedule_and_moving_it_does_not(store: Store):
    store.schedules.set(1, daily())
    store.load_tests.move(1, store.projects.create("q").id)
    assert store.schedules.of_test(1).id == 1

    store.load_tests.delete(1)
    with pytest.raises(NotFound):
        store.schedules.get(1)


def test_two_processes_never_fire_the_same_start_twice(tmp_path: Path, clock: Clock):
    stores = [Store(tmp_path / "a.db", clock) for _ in range(2)]
    project = stores[0].projects.create("p").id
    for number in range(5):
        stores[0].schedules.set(stores[0].load_tests.create(project, str(number)).id, daily())
    clock.time = MONDAY + timedelta(hours=1)
    fired: list[int | None] = []

    def fire(store: Store) -> None:
        fired.extend(turn.run_id for turn in store.schedules.fire())

    threads = [threading.Thread(target=fire, args=[store]) for store in stores * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(run or 0 for run in fired) == [1, 2, 3, 4, 5] == runs(stores[1])
    for store in stores:
        store.close()
