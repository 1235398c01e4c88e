"""The starts of a schedule: once, by a recurrence rule, or by a cron line."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from k6_cloud.errors import ErrorDetail
from k6_cloud.planning.cron_lines import CronLine, problem_of, time_zones
from k6_cloud.planning.recurrence_rules import starts_of
from k6_cloud.planning.ticks import Block, Starts, moment_of, ticks_of
from k6_cloud.schedules import CreateSchedule


def next_start(plan: CreateSchedule, after: datetime) -> datetime | None:
    """Return the first start later than `after`, in UTC; None without one."""
    try:
        starts, tick = _starts(plan), ticks_of(after)
        start = starts.after(max(tick, ticks_of(plan.starts) - 1) if plan.cron else tick)
        return None if start is None else moment_of(start)
    except (OverflowError, ValueError):
        # The calendar ends with the year 9999.
        return None


def starts_between(plan: CreateSchedule, begin: datetime, end: datetime) -> list[Block]:
    """Return the starts from `begin` on and before `end`, in blocks that are counted without being listed.

    Raises ValueError for a cron line or time zone that cannot be read.
    """
    first = max(begin, plan.starts) if plan.cron else begin
    return [block for block in _starts(plan).between(ticks_of(first), ticks_of(end)) if block.offsets]


def count_between(blocks: Iterable[Block], begin: datetime, end: datetime) -> int:
    """Return how many of these starts lie from `begin` on and before `end`."""
    return sum(block.count(ticks_of(begin), ticks_of(end)) for block in blocks)


def problems_of(plan: CreateSchedule) -> Iterator[ErrorDetail]:
    """Yield what is wrong with a plan beyond its form: the end of its rule, the cron line, or its time zone."""
    if plan.recurrence_rule and plan.recurrence_rule.until and plan.recurrence_rule.until < plan.starts:
        message = "until lies before starts, so the schedule would never start; give a later until."
        yield ErrorDetail(message=message, code="invalid", target="recurrence_rule.until")
    if plan.cron is None:
        return
    if plan.cron.time_zone not in time_zones():
        message = f"{plan.cron.time_zone!r} is no time zone; one is like Europe/Berlin or UTC."
        yield ErrorDetail(message=message, code="invalid", target="cron.time_zone")
    if problem := problem_of(plan.cron.schedule):
        yield ErrorDetail(message=problem, code="invalid", target="cron.schedule")


class _Once:
    """One start."""

    def __init__(self, start: datetime) -> None:
        self._start = ticks_of(start)

    def after(self, tick: int) -> int | None:
        return self._start if self._start > tick else None

    def between(self, begin: int, end: int) -> Iterator[Block]:
        if begin <= self._start < end:
            yield Block(self._start, (0,))


def _starts(plan: CreateSchedule) -> Starts:
    if plan.cron:
        return CronLine.of(plan.cron.schedule, plan.cron.time_zone)
    if plan.recurrence_rule:
        return starts_of(plan.starts, plan.recurrence_rule)
    return _Once(plan.starts)
