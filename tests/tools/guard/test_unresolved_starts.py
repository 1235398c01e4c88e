from datetime import UTC, datetime, timedelta

import pytest

from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.guard.unresolved_starts import REACH, OpenStart, OpenStarts

NOW = datetime.now(UTC)


def run(number: int, created: datetime = NOW) -> TestRun:
    return TestRun.model_validate(
        {
            "id": number,
            "test_id": 1,
            "project_id": 1,
            "created": created,
            "status": "running",
            "status_details": {"type": "running", "entered": created},
        }
    )


def test_of_the_runs_after_the_newest_that_was_seen_the_first_is_taken():
    start = OpenStart("key", NOW, newest=5)
    assert start.run_among([run(8), run(7), run(5)]) == run(7)
    assert start.run_among([run(5)]) is None
    assert start.run_among([]) is None


def test_a_run_long_after_is_somebody_elses():
    late = run(6, NOW + REACH + timedelta(seconds=1))
    assert OpenStart("key", NOW, newest=5).run_among([late]) is None


@pytest.mark.parametrize(
    ("seconds", "found"), [(-60, False), (-10, True), (0, True), (300, True), (700, False)]
)
def test_where_no_run_was_seen_the_clocks_decide(seconds: int, found: bool):
    made = run(6, NOW + timedelta(seconds=seconds))
    assert OpenStart("key", NOW).run_among([made]) == (made if found else None)
    assert OpenStart("key", NOW).run_among([made], known=[6]) is None


def test_a_start_that_is_still_open_is_repeated_under_its_own_key():
    starts = OpenStarts()
    first = starts.begin("me", 1, "a", 3)
    assert starts.begin("me", 1, "b", 4) == first
    assert (first.key, first.newest) == ("a", 3)
    assert starts.begin("you", 1, "c", None).key == "c"
    assert starts.begin("me", 2, "d", None).key == "d"


def test_a_start_that_ended_is_followed_by_another_one():
    starts = OpenStarts()
    first = starts.begin("me", 1, "a", None)
    starts.end("me", 1, 7, first)
    assert starts.find("me", 1) is None
    assert starts.last_made("me", 1) == 7
    assert starts.begin("me", 1, "b", None).key == "b"


def test_a_call_that_ends_late_does_not_end_the_start_after_it():
    starts = OpenStarts()
    first = starts.begin("me", 1, "a", None)
    starts.end("me", 1, 7)
    second = starts.begin("me", 1, "b", None)
    starts.end("me", 1, 7, first)
    assert starts.find("me", 1) == second


def test_a_refusal_leaves_open_what_was_open_before():
    starts = OpenStarts()
    starts.begin("me", 1, "a", None)
    starts.refused("me", 1, None)
    assert starts.find("me", 1) is None
    first = starts.begin("me", 1, "b", None)
    starts.begin("me", 1, "c", None)
    starts.refused("me", 1, first)
    assert starts.find("me", 1) == first


def test_the_runs_of_only_so_many_tests_are_remembered():
    starts = OpenStarts()
    for test in range(1001):
        starts.end("me", test, test)
    assert (starts.last_made("me", 0), starts.last_made("me", 1)) == (None, 1)
