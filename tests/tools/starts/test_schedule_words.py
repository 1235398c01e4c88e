from datetime import UTC, datetime
from typing import Any

import pytest

from k6_cloud.schedules import CreateSchedule, Schedule
from k6_cloud_mcp_tools.starts.schedule_words import essence, plan_of, with_next_start

DAILY = {"cron": {"schedule": "0 2 * * *", "time_zone": "UTC"}}


def schedule(**changes: Any) -> Schedule:
    facts: dict[str, Any] = {
        "id": 1,
        "load_test_id": 2,
        "starts": "2026-01-05T02:00:00Z",
        "deactivated": False,
        "next_run": "2026-01-06T02:00:00Z",
    }
    return Schedule.model_validate(facts | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (DAILY, "cron 0 2 * * * in UTC, next start Tue 2026-01-06 02:00 UTC"),
        ({**DAILY, "deactivated": True}, "cron 0 2 * * * in UTC (deactivated)"),
        ({**DAILY, "next_run": None}, "cron 0 2 * * * in UTC (expired)"),
        (
            {"recurrence_rule": {"frequency": "WEEKLY", "interval": 2}},
            "WEEKLY every 2 from 2026-01-05 02:00 UTC, next start Tue 2026-01-06 02:00 UTC",
        ),
        ({}, "once, at 2026-01-05 02:00 UTC"),
    ],
)
def test_a_schedule_tells_when_it_starts_next(changes: dict[str, Any], words: str):
    assert with_next_start(schedule(**changes)) == words


def test_one_that_starts_all_the_time_does_not_change_its_words_meanwhile():
    often = {"cron": {"schedule": "* * * * *", "time_zone": "UTC"}}
    assert with_next_start(schedule(**often)) == "cron * * * * * in UTC"


def test_what_has_to_read_back_is_the_rule_or_else_the_time():
    starts = datetime.fromisoformat("2026-01-05T03:00:00+01:00")
    assert essence(CreateSchedule(starts=starts)) == essence(schedule())
    assert essence(schedule())["starts"] == "2026-01-05 02:00 UTC"
    assert essence(schedule(**DAILY)) == essence(plan_of(schedule(**DAILY)))
    assert essence(schedule(**DAILY))["starts"] is None
    assert plan_of(schedule()).starts == datetime(2026, 1, 5, 2, tzinfo=UTC)
