"""The starts of a recurrence rule, by arithmetic: none is counted up from the first.

A rule counts in the UTC offset in which `starts` was given: it names no time zone, so it knows no daylight saving time.
Hours, days and weeks are equal steps from the first start. Months and years keep its day, or take their last one.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from k6_cloud.planning.ticks import DAY, MINUTE, Block, Starts, moment_of, ticks_of
from k6_cloud.schedules import RecurrenceRule

_PERIODS = {"HOURLY": 60 * MINUTE, "DAILY": DAY, "WEEKLY": 7 * DAY}
_MONTHS = {"MONTHLY": 1, "YEARLY": 12}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST_YEAR = 9999


def starts_of(starts: datetime, rule: RecurrenceRule) -> Starts:
    """Return the starts of a rule whose first one is not before `starts`."""
    if rule.frequency in _PERIODS:
        return _EqualSteps.of(starts, rule)
    return _Months(starts, rule.interval * _MONTHS[rule.frequency], rule.count, _last_tick(rule))


@dataclass(frozen=True)
class _EqualSteps:
    """A start at each of `firsts`, in order, and then every `period` ticks, up to `last`."""

    firsts: Sequence[int]
    period: int
    last: int | None

    @classmethod
    def of(cls, starts: datetime, rule: RecurrenceRule) -> "_EqualSteps":
        period = _PERIODS[rule.frequency] * rule.interval
        firsts = sorted(_firsts(starts, rule, period))
        bounds = [_last_tick(rule)]
        if rule.count is not None:
            rounds, place = divmod(rule.count - 1, len(firsts))
            bounds.append(firsts[place] + rounds * period)
        return cls(firsts, period, min((bound for bound in bounds if bound is not None), default=None))

    def after(self, tick: int) -> int | None:
        following = min(
            first + max(0, (tick - first) // self.period + 1) * self.period for first in self.firsts
        )
        return following if self.last is None or following <= self.last else None

    def between(self, begin: int, end: int) -> Iterator[Block]:
        stop = end if self.last is None else min(end, self.last + 1)
        for first in self.firsts:
            skipped = max(0, -((first - begin) // self.period))
            yield Block(0, range(first + skipped * self.period, stop, self.period))


def _firsts(starts: datetime, rule: RecurrenceRule, period: int) -> Iterator[int]:
    """Yield the first start on each weekday of the rule; weeks begin on Monday."""
    first = ticks_of(starts)
    if not rule.byday:
        yield first
        return
    monday = first - starts.weekday() * DAY
    for day in set(rule.byday):
        on_day = monday + _WEEKDAYS.index(day) * DAY
        yield on_day if on_day >= first else on_day + period


@dataclass(frozen=True)
class _Months:
    """A start every `step` months on the day and at the time of `starts`, `count` times at most, up to `last`."""

    starts: datetime
    step: int
    count: int | None
    last: int | None

    def after(self, tick: int) -> int | None:
        return next((start for start in self._from(tick) if start > tick), None)

    def between(self, begin: int, end: int) -> Iterator[Block]:
        for start in self._from(begin):
            if start >= end:
                return
            if start >= begin:
                yield Block(start, (0,))

    def _from(self, tick: int) -> Iterator[int]:
        """Yield the starts, from one at or before `tick` on."""
        begin = moment_of(tick).astimezone(self.starts.tzinfo)
        number = max(0, (_month(begin) - _month(self.starts)) // self.step)
        while self.count is None or number < self.count:
            start = self._start(number)
            if start is None or (self.last is not None and start > self.last):
                return
            yield start
            number += 1

    def _start(self, number: int) -> int | None:
        year, month = divmod(_month(self.starts) + number * self.step, 12)
        if year > _LAST_YEAR:
            return None
        day = min(self.starts.day, calendar.monthrange(year, month + 1)[1])
        return ticks_of(self.starts.replace(year=year, month=month + 1, day=day))


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _last_tick(rule: RecurrenceRule) -> int | None:
    return None if rule.until is None else ticks_of(rule.until)
