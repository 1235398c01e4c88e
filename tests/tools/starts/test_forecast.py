from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.starts.forecast import Forecast, busiest_day, next_starts
from k6_cloud_mcp_tools.starts.pricing import Price

FIRST = datetime(2030, 1, 7, 2, tzinfo=UTC)


def forecast(price: Price, **repeats: Any) -> Forecast:
    plan = CreateSchedule.model_validate({"starts": FIRST, **repeats})
    return Forecast.of(plan, next_starts(plan, FIRST - timedelta(minutes=1)), price)


@pytest.mark.parametrize(
    ("repeats", "runs_per_day", "starts"),
    [
        ({}, 1, 1),
        ({"recurrence_rule": {"frequency": "HOURLY", "interval": 5}}, 5, 144),
        ({"recurrence_rule": {"frequency": "WEEKLY", "byday": ["MO", "TU"]}}, 1, 10),
        ({"cron": {"schedule": "0 22,23 * * 1", "time_zone": "UTC"}}, 2, 10),
        ({"cron": {"schedule": "0 0,23 * * *", "time_zone": "UTC"}}, 2, 60),
        ({"cron": {"schedule": "* * * * *", "time_zone": "UTC"}}, 1440, 3000),
    ],
    ids=[
        "once",
        "every five hours",
        "two days a week",
        "two in an evening",
        "around midnight",
        "every minute",
    ],
)
def test_the_load_knows_the_starts_of_the_month_and_the_busiest_day(
    repeats: dict[str, Any], runs_per_day: int, starts: int
):
    load = forecast(Price("2 VUh", vuh=2, max_vus=7), **repeats).load
    assert (load.vuh, load.max_vus, load.runs_per_day, len(load.starts)) == (2, 7, runs_per_day, starts)


def test_a_price_that_may_have_changed_is_no_price_for_a_ceiling():
    load = forecast(Price("2 VUh", vuh=2, max_vus=7, current=False)).load
    assert (load.vuh, load.max_vus) == (None, None)


def test_a_day_is_24_hours_wherever_it_begins():
    starts = [FIRST + timedelta(hours=hours) for hours in (0, 20, 23.9, 24, 40, 50)]
    assert busiest_day(starts) == 4
    assert busiest_day([]) == 0
