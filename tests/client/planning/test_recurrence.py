import calendar
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from k6_cloud.planning.recurrence import next_start, problems_of
from k6_cloud.schedules import CreateSchedule

LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


def plan(starts: str, cron: str | None = None, zone: str = "UTC", **rule: Any) -> CreateSchedule:
    """A plan with the cron line, or the recurrence rule, or once."""
    cron_part = {"schedule": cron, "time_zone": zone} if cron else None
    return CreateSchedule.model_validate(
        {"starts": starts, "cron": cron_part, "recurrence_rule": rule or None}
    )


def starts_of(schedule: CreateSchedule, number: int, after: datetime = LONG_AGO) -> list[str]:
    """The first starts after a moment, as text in UTC."""
    found: list[str] = []
    moment: datetime | None = after
    while len(found) < number and (moment := next_start(schedule, moment)):
        found.append(moment.isoformat().removesuffix("+00:00"))
    return found


def test_a_plan_without_recurrence_happens_once():
    assert starts_of(plan("2030-05-01T10:00:00+02:00"), 2) == ["2030-05-01T08:00:00"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"frequency": "HOURLY", "interval": 5}, ["01T10", "01T15", "01T20", "02T01"]),
        ({"frequency": "DAILY"}, ["01T10", "02T10", "03T10", "04T10"]),
        ({"frequency": "DAILY", "interval": 10}, ["01T10", "11T10", "21T10", "31T10"]),
        ({"frequency": "WEEKLY"}, ["01T10", "08T10", "15T10", "22T10"]),
        # The 1st of May 2030 is a Wednesday.
        ({"frequency": "WEEKLY", "byday": ["MO", "FR"]}, ["03T10", "06T10", "10T10", "13T10"]),
        ({"frequency": "WEEKLY", "byday": ["MO"], "interval": 2}, ["13T10", "27T10"]),
    ],
)
def test_a_rule_repeats_from_its_start(rule: dict[str, Any], expected: list[str]):
    found = starts_of(plan("2030-05-01T10:00:00Z", **rule), len(expected))

    assert found == [f"2030-05-{day}:00:00" for day in expected]


@pytest.mark.parametrize("day", [29, 30, 31])
def test_a_monthly_plan_late_in_the_month_runs_in_every_month_on_its_last_fitting_day(day: int):
    found = starts_of(plan(f"2027-01-{day}T00:00:00Z", frequency="MONTHLY"), 36)

    months = [(2027 + index // 12, index % 12 + 1) for index in range(36)]
    assert found == [
        f"{year}-{month:02}-{min(day, calendar.monthrange(year, month)[1]):02}T00:00:00"
        for year, month in months
    ]


def test_a_monthly_plan_with_an_interval_clamps_too():
    found = starts_of(plan("2027-12-31T00:00:00Z", frequency="MONTHLY", interval=2), 4)

    assert [date[:10] for date in found] == ["2027-12-31", "2028-02-29", "2028-04-30", "2028-06-30"]


def test_a_yearly_plan_of_the_leap_day_runs_every_year():
    found = starts_of(plan("2028-02-29T12:00:00Z", frequency="YEARLY"), 5)

    assert [date[:10] for date in found] == [
        "2028-02-29",
        "2029-02-28",
        "2030-02-28",
        "2031-02-28",
        "2032-02-29",
    ]


def test_a_yearly_plan_of_another_late_day_keeps_its_month():
    found = starts_of(plan("2027-07-31T12:00:00Z", frequency="YEARLY"), 2)

    assert [date[:10] for date in found] == ["2027-07-31", "2028-07-31"]


def test_days_count_in_the_offset_that_starts_was_given_in():
    # In UTC it is the 1st of February already.
    found = starts_of(plan("2027-01-31T23:30:00-05:00", frequency="MONTHLY"), 3)

    assert found == ["2027-02-01T04:30:00", "2027-03-01T04:30:00", "2027-04-01T04:30:00"]


def test_count_bounds_the_starts_and_until_includes_its_own_moment():
    assert len(starts_of(plan("2030-05-01T10:00:00Z", frequency="DAILY", count=3), 9)) == 3
    assert (
        len(starts_of(plan("2030-05-01T10:00:00Z", frequency="DAILY", until="2030-05-04T10:00:00Z"), 9)) == 4
    )
    assert starts_of(plan("2030-05-01T10:00:00Z", frequency="DAILY", until="2030-04-04T10:00:00Z"), 9) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "HOURLY", "interval": 7},
        {"frequency": "DAILY", "interval": 3},
        {"frequency": "WEEKLY", "interval": 2, "byday": ["MO", "WE", "SU"]},
        {"frequency": "MONTHLY"},
        {"frequency": "YEARLY"},
    ],
)
@pytest.mark.parametrize("count", [None, 25])
def test_a_start_found_from_any_moment_is_the_one_found_by_counting_up(
    rule: dict[str, Any], count: int | None
):
    schedule = plan("2024-01-31T10:30:00Z", **rule, count=count)
    counted = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in starts_of(schedule, 40)]

    for index, start in enumerate(counted[:-1]):
        for after in (start, start + timedelta(seconds=1), counted[index + 1] - timedelta(seconds=1)):
            assert next_start(schedule, after) == counted[index + 1]
    assert count is None or next_start(schedule, counted[-1]) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("30 2 * * *", ["01T02:30", "02T02:30"]),
        ("*/20 0 * * *", ["01T00:00", "01T00:20", "01T00:40", "02T00:00"]),
        ("0 9 * * MON-FRI", ["01T09:00", "02T09:00", "03T09:00", "06T09:00"]),
        ("@hourly", ["01T00:00", "01T01:00"]),
        ("@daily", ["01T00:00", "02T00:00"]),
        ("@weekly", ["05T00:00", "12T00:00"]),
        ("@monthly", ["01T00:00"]),
    ],
)
def test_a_cron_line_starts_at_its_times(line: str, expected: list[str]):
    found = starts_of(plan("2030-05-01T00:00:00Z", line), len(expected))

    assert found == [f"2030-05-{time}:00" for time in expected]


def test_yearly_and_annually_are_the_same():
    yearly, annually = (
        starts_of(plan("2030-05-01T00:00:00Z", f"@{name}"), 2) for name in ("yearly", "annually")
    )

    assert yearly == annually == ["2031-01-01T00:00:00", "2032-01-01T00:00:00"]


def test_cron_does_not_start_before_the_plan_does():
    assert starts_of(plan("2030-05-01T10:00:00Z", "0 10 * * *"), 1) == ["2030-05-01T10:00:00"]
    assert starts_of(plan("2030-05-01T10:00:01Z", "0 10 * * *"), 1) == ["2030-05-02T10:00:00"]


def test_cron_keeps_the_local_time_over_a_change_of_the_clock():
    # Berlin changes from +01:00 to +02:00 on the 31st of March 2030, and back on the 27th of October.
    spring = starts_of(plan("2030-03-30T00:00:00Z", "0 9 * * *", "Europe/Berlin"), 3)
    autumn = starts_of(plan("2030-10-26T00:00:00Z", "0 9 * * *", "Europe/Berlin"), 3)

    assert [start[8:16] for start in spring] == ["30T08:00", "31T07:00", "01T07:00"]
    assert [start[8:16] for start in autumn] == ["26T07:00", "27T08:00", "28T08:00"]


def test_an_hour_that_the_clock_skips_is_caught_up_and_one_that_comes_twice_happens_once():
    skipped = starts_of(plan("2030-03-30T12:00:00Z", "30 2 * * *", "Europe/Berlin"), 2)
    twice = starts_of(plan("2030-10-26T12:00:00Z", "30 2 * * *", "Europe/Berlin"), 2)

    assert skipped == ["2030-03-31T01:00:00", "2030-04-01T00:30:00"]
    assert twice == ["2030-10-27T00:30:00", "2030-10-28T01:30:00"]


@pytest.mark.parametrize("line", ["*/7 * * * *", "45 2 * * *", "15,45 1-3 * * *", "0 */2 * * *"])
def test_the_next_start_is_always_later_also_while_the_clock_changes(line: str):
    schedule = plan("2030-01-01T00:00:00Z", line, "Europe/Berlin")
    for change in (datetime(2030, 3, 31, 1, tzinfo=UTC), datetime(2030, 10, 27, 1, tzinfo=UTC)):
        for minutes in range(-180, 180, 5):
            after = (change + timedelta(minutes=minutes)).astimezone(ZoneInfo("Europe/Berlin"))
            start = next_start(schedule, after)
            assert start
            assert start > after.astimezone(UTC)


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "* * * * * *", "@reboot", "@midnight", "@DAILY", "61 * * * *", "0 0 31 2 *", "a b c d e"],
)
def test_other_cron_lines_are_refused(line: str):
    problems = [
        *problems_of(
            CreateSchedule.model_validate(
                {"starts": "2030-05-01T00:00:00Z", "cron": {"schedule": line, "time_zone": "UTC"}}
            )
        )
    ]

    assert [problem.target for problem in problems] == ["cron.schedule"]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "America", "/UTC", "utc+2"])
def test_unknown_time_zones_are_refused(zone: str):
    problems = [*problems_of(plan("2030-05-01T00:00:00Z", "@daily", zone))]

    assert [problem.target for problem in problems] == ["cron.time_zone"]


def test_a_date_without_zone_and_a_weekday_for_another_frequency_are_no_plan():
    with pytest.raises(ValidationError):
        plan("2030-05-01T00:00:00")
    with pytest.raises(ValidationError):
        plan("2030-05-01T00:00:00Z", frequency="DAILY", byday=["MO"])


@pytest.mark.parametrize(
    "schedule",
    [
        plan("9999-12-31T23:00:00Z", frequency="DAILY"),
        plan("9999-12-31T23:00:00Z", "0 0 29 2 *"),
        plan("2030-05-01T00:00:00Z", frequency="DAILY", interval=10**30),
    ],
)
def test_the_end_of_the_calendar_is_the_end_of_a_plan(schedule: CreateSchedule):
    assert next_start(schedule, schedule.starts) is None


@pytest.mark.parametrize("frequency", ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
def test_a_plan_that_began_long_ago_is_still_fast(frequency: str):
    began = time.perf_counter()

    assert next_start(plan("0001-01-31T00:00:00Z", frequency=frequency, count=10**9), datetime.now(UTC))
    assert time.perf_counter() - began < 2
