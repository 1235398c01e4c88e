from datetime import UTC, datetime

import pytest

from k6_cloud.models import TestRun
from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.window import Lifetime, Window

LIFE = Lifetime(1000.4, 1009.9)


def _at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _run(*history: tuple[str, float]) -> TestRun:
    entries = [{"type": status, "entered": _at(second)} for status, second in history]
    facts = {"id": 1, "test_id": 1, "project_id": 1, "created": _at(990), "status": history[-1][0]}
    return TestRun.model_validate({**facts, "status_history": entries, "status_details": entries[-1]})


def test_a_run_lives_from_running_to_processing_metrics():
    run = _run(("created", 990), ("running", 1000.5), ("processing_metrics", 1010), ("completed", 1011))
    assert Lifetime.of(run) == Lifetime(1000.5, 1010)


def test_a_run_ends_with_its_last_value_though_k6_lives_on():
    run = _run(("created", 990), ("running", 1000.5), ("processing_metrics", 1010))
    assert Lifetime.of(run, until=1007) == Lifetime(1000.5, 1007)
    assert Lifetime.of(run, until=1011) == Lifetime(1000.5, 1010)


def test_a_run_under_way_without_values_lives_until_now():
    life = Lifetime.of(_run(("created", 990), ("running", 1000.5)))
    assert life.end == pytest.approx(datetime.now(UTC).timestamp(), abs=5)


def test_the_whole_window_is_the_life_of_the_run():
    window = Window.whole(LIFE, None, None)
    assert (window.start, window.end, window.count) == (1000, 1009.9, 1)
    assert [window.place(second) for second in (999, 1000, 1009, 1010)] == [0, 0, 0, 1]
    assert window.moment(0) == 1009.9
    assert Window.whole(LIFE, _at(1002), None).place(1001) == -1


def test_steps_begin_with_the_window_and_are_at_their_beginning():
    window = Window.stepped(LIFE, _at(1002), None, 3, period=1)
    assert (window.start, window.count) == (1002, 3)
    assert [window.place(second) for second in (1001, 1002, 1004, 1005, 1009, 1010)] == [-1, 0, 0, 1, 2, 3]
    assert [window.moment(step) for step in range(3)] == [1002, 1005, 1008]


def test_without_a_step_there_are_at_most_three_hundred():
    assert Window.stepped(Lifetime(0, 290), None, None, None, period=1).step == 1
    assert Window.stepped(Lifetime(0, 3600), None, None, None, period=1).step == 12


def test_no_step_is_shorter_than_what_is_stored():
    assert Window.stepped(LIFE, None, None, 1, period=4).step == 4


def test_too_many_steps_are_refused():
    with pytest.raises(InvalidRequest):
        Window.stepped(Lifetime(0, 11_001), None, None, 1, period=1)


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(InvalidRequest):
        Window.whole(LIFE, _at(2000), None)
