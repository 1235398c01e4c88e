"""When a schedule starts its test.

A recurrence rule counts in the UTC offset in which `starts` was given: it names no time zone, so it knows
no daylight saving time. A cron line counts in its own time zone as Debian's cron does: a start at an hour
that the clock skips comes right after the gap, and one at an hour that comes twice happens once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from dateutil.rrule import DAILY, HOURLY, MONTHLY, WEEKLY, YEARLY, rrule

from k6_cloud.models import ErrorDetail
from k6_cloud.schedules import CreateSchedule, Cron, Frequency, RecurrenceRule

_FREQUENCIES: dict[Frequency, Literal[0, 1, 2, 3, 4]] = {
    "HOURLY": HOURLY,
    "DAILY": DAILY,
    "WEEKLY": WEEKLY,
    "MONTHLY": MONTHLY,
    "YEARLY": YEARLY,
}
_SECONDS = {"HOURLY": 3600, "DAILY": 86400, "WEEKLY": 7 * 86400}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHORTEST_MONTH = 28
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def next_start(plan: CreateSchedule, after: datetime) -> datetime | None:
    """The first start later than `after`, in UTC; None when there is none."""
    try:
        if plan.cron:
            start = _next_of_cron(plan.cron, max(after, plan.starts - timedelta(microseconds=1)))
        elif plan.recurrence_rule:
            start = _next_of_rule(plan.starts, plan.recurrence_rule, after)
        else:
            start = plan.starts if plan.starts > after else None
        return start and start.astimezone(UTC)
    except (OverflowError, ValueError):
        # The calendar ends with the year 9999.
        return None


def problems_of(plan: CreateSchedule) -> Iterator[ErrorDetail]:
    """What is wrong with a plan beyond its form: the end of its rule, the cron line, or its time zone."""
    if plan.recurrence_rule and plan.recurrence_rule.until and plan.recurrence_rule.until < plan.starts:
        message = "until lies before starts, so the schedule would never start; give a later until."
        yield ErrorDetail(message=message, code="invalid", target="recurrence_rule.until")
    if plan.cron is None:
        return
    if plan.cron.time_zone not in _time_zones():
        message = f"{plan.cron.time_zone!r} is no time zone; one is like Europe/Berlin or UTC."
        yield ErrorDetail(message=message, code="invalid", target="cron.time_zone")
    if problem := _problem_of_line(plan.cron.schedule):
        yield ErrorDetail(message=problem, code="invalid", target="cron.schedule")


def _next_of_rule(starts: datetime, rule: RecurrenceRule, after: datetime) -> datetime | None:
    starts, count = _moved_on(starts, rule, after)
    if count is not None and count <= 0:
        return None
    return rrule(
        _FREQUENCIES[rule.frequency],
        dtstart=starts,
        interval=rule.interval,
        byweekday=[_WEEKDAYS.index(day) for day in rule.byday] if rule.byday else None,
        until=rule.until,
        count=count,
        **_days(starts, rule),
    ).after(after)


def _moved_on(starts: datetime, rule: RecurrenceRule, after: datetime) -> tuple[datetime, int | None]:
    """The rule's beginning moved by whole periods close to `after`, and how many starts of its count remain.

    Counting up from a beginning long ago would take seconds. Months and years differ in length and stay.
    """
    period = _SECONDS.get(rule.frequency, 0) * rule.interval
    if not period or after <= starts:
        return starts, rule.count
    periods = int((after - starts).total_seconds()) // period
    in_each = len(set(rule.byday or [None]))
    count = None if rule.count is None else rule.count - periods * in_each
    return starts + timedelta(seconds=periods * period), count


def _days(starts: datetime, rule: RecurrenceRule) -> dict[str, Any]:
    """The last of these days that a month has: `starts` on a 31st means the end of each month."""
    candidates = range(_SHORTEST_MONTH, starts.day + 1)
    if starts.day <= _SHORTEST_MONTH:
        return {}
    if rule.frequency == "MONTHLY":
        return {"bymonthday": candidates, "bysetpos": -1}
    if rule.frequency == "YEARLY":
        return {"bymonth": starts.month, "bymonthday": candidates, "bysetpos": -1}
    return {}


def _next_of_cron(cron: Cron, after: datetime) -> datetime | None:
    line = _ALIASES.get(cron.schedule, cron.schedule)
    # Compared in UTC: in an hour that comes twice, local times do not tell which one is later.
    after = after.astimezone(UTC)
    starts = CronSim(line, after.astimezone(ZoneInfo(cron.time_zone)))
    return next((start for local in starts if (start := local.astimezone(UTC)) > after), None)


def _problem_of_line(line: str) -> str | None:
    if line not in _ALIASES and len(line.split()) != 5:
        return f"A cron line has exactly 5 fields, or is one of {', '.join(_ALIASES)}."
    try:
        CronSim(_ALIASES.get(line, line), datetime.now(UTC))
    except CronSimError as error:
        return f"The cron line is wrong: {error}."
    return None


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
