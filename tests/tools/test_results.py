from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from k6_cloud.models import LoadTest, Project, TestRun
from k6_cloud_mcp_tools.results import (
    LoadTestRow,
    Moment,
    ProjectRow,
    TestRunDetails,
    TestRunRow,
    message_of,
    rounded,
    short,
)

TIME = datetime.fromisoformat("2026-03-01T10:00:00.123456+01:00")
COST = {
    "total_vuh": 1.5,
    "breakdown": {"protocol_vuh": 1.5, "browser_vuh": 0, "base_total_vuh": 1.5, "reduction_rate": 0},
}


def a_run(extra: dict[str, Any] | None = None, **fields: Any) -> TestRun:
    given = {
        "id": 5,
        "test_id": 3,
        "project_id": 1,
        "created": TIME,
        "status": "completed",
        "status_details": {"type": "completed", "entered": TIME, "extra": extra},
        **fields,
    }
    return TestRun.model_validate(given)


def test_moments_are_utc_to_the_second():
    test = LoadTest(id=3, project_id=1, name="Checkout", created=TIME, updated=TIME)
    row = LoadTestRow.of(test).model_dump(mode="json", exclude_none=True)
    assert row == {
        "id": 3,
        "name": "Checkout",
        "project_id": 1,
        "created": "2026-03-01T09:00:00Z",
        "updated": "2026-03-01T09:00:00Z",
    }


def test_a_project_keeps_what_a_model_needs():
    project = Project(id=1, name="Payments", is_default=True, created=TIME, updated=TIME, labels={"a": "b"})
    assert ProjectRow.of(project).model_dump() == {"id": 1, "name": "Payments", "is_default": True}


def test_a_run_tells_its_result_and_what_it_cost():
    run = a_run(result="passed", ended=TIME, cost=COST, execution_duration=60, max_vus=90)
    row = TestRunRow.of(run).model_dump(mode="json", exclude_none=True)
    assert row == {
        "id": 5,
        "status": "completed",
        "result": "passed",
        "created": "2026-03-01T09:00:00Z",
        "ended": "2026-03-01T09:00:00Z",
        "seconds": 60,
        "max_vus": 90,
        "vuh": 1.5,
    }


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (a_run({"by_user": "ann@example.com", "message": "stop"}), "Stopped by ann@example.com."),
        (a_run({"message": "why"}, result_details={"type": "error", "message": "thrown"}), "thrown"),
        (a_run({"message": "why"}, result_details={"type": "passed", "message": None}), "why"),
        (a_run({"message": "why"}), "why"),
        (a_run(), None),
    ],
    ids=["by a user", "result", "result without words", "status", "nothing"],
)
def test_a_run_says_why_it_ended(run: TestRun, message: str | None):
    assert message_of(run) == message


def test_the_options_of_a_run_come_without_tokens():
    options = {"vus": 1, "cloud": {"token": "secret"}, "ext": {"loadimpact": {"token": "secret"}}}
    details = TestRunDetails.of(a_run(options=options))
    assert details.options == {
        "vus": 1,
        "cloud": {"token": "<redacted>"},
        "ext": {"loadimpact": {"token": "<redacted>"}},
    }


def test_only_a_run_that_goes_on_has_a_next_step():
    assert TestRunDetails.of(a_run(status="running")).next == (
        "Not finished: call wait_for_test_run with test_run_id 5."
    )
    assert TestRunDetails.of(a_run(status="aborted")).next is None


def test_an_empty_note_is_left_out():
    assert TestRunDetails.of(a_run(note="")).note is None
    assert TestRunDetails.of(a_run(note="Black Friday")).note == "Black Friday"


def test_only_a_star_that_is_there_is_told():
    assert TestRunDetails.of(a_run(is_starred=True)).starred is True
    assert TestRunDetails.of(a_run()).starred is None


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.012345, "0.01235"), (98.76, "98.76"), (999.96, "1000"), (1234.5, "1234"), (2e6, "2000000")],
)
def test_a_number_is_short_and_has_no_exponent(value: float, words: str):
    assert short(value) == words


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), (float("nan"), None), (float("inf"), None), (1 / 3, 0.3333), (123456.0, 123500.0)],
)
def test_values_keep_four_digits(value: float | None, kept: float | None):
    assert rounded(value) == kept


def test_moments_are_shown_in_utc_whatever_their_zone():
    assert '"created":"2026-03-01T09:00:00Z"' in TestRunRow.of(a_run()).model_dump_json()
    moment = TypeAdapter(Moment).validate_python("2026-03-01T00:30:00+02:00")
    assert TypeAdapter(Moment).dump_json(moment) == b'"2026-02-28T22:30:00Z"'
