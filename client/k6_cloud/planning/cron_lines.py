"""The starts of a cron line, day by day in its own time zone.

A line counts as Debian's cron does: a start at an hour that the clock skips comes right after the gap, and one at an hour
that comes twice happens once. On a day of 24 hours the starts are those of any other; the days on which the clock changes
are left to `cronsim`, which knows these rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from k6_cloud.planning.ticks import DAY, MINUTE, Block, moment_of, ticks_of

# The API takes no longer lines.
LONGEST_LINE = 256
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CronLine:
    """A cron line in a time zone."""

    line: str
    zone: ZoneInfo

    @classmethod
    def of(cls, line: str, time_zone: str) -> "CronLine":
        """Return a line that `problem_of` finds nothing wrong with. Raises ValueError for any other."""
        if problem := problem_of(line):
            raise ValueError(problem)
        if time_zone not in time_zones():
            raise ValueError(f"{time_zone[:128]!r} is not a time zone; one is like Europe/Berlin or UTC.")
        return cls(ALIASES.get(line, line), ZoneInfo(time_zone))

    def after(self, tick: int) -> int | None:
        """Return the first start later than `tick`."""
        return next(self._later_than(tick), None)

    def between(self, begin: int, end: int) -> Iterator[Block]:
        """Yield a block for each day with starts from `begin` on and before `end`."""
        day = moment_of(begin).astimezone(self.zone).date()
        midnight = self._midnight(day)
        while midnight < end:
            following = self._midnight(day + _ONE_DAY)
            if block := self._on(day, midnight, following):
                yield _cut(block, begin, end)
            day, midnight = day + _ONE_DAY, following

    def _on(self, day: date, midnight: int, following: int) -> Block | None:
        if following - midnight != DAY:
            return Block(0, tuple(self._listed(midnight, following)))
        matches = day.month in self._parsed.months and self._parsed.match_day(day)
        return Block(midnight, self._times) if matches else None

    def _listed(self, begin: int, end: int) -> Iterator[int]:
        for start in self._later_than(begin - 1):
            if start >= end:
                return
            yield start

    def _later_than(self, tick: int) -> Iterator[int]:
        """Yield the starts one by one. Compared in UTC: in an hour that comes twice, local times tell no order."""
        for local in CronSim(self.line, moment_of(tick).astimezone(self.zone)):
            start = ticks_of(local.astimezone(UTC))
            if start > tick:
                tick = start
                yield start

    def _midnight(self, day: date) -> int:
        return ticks_of(datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC))

    @cached_property
    def _parsed(self) -> CronSim:
        return CronSim(self.line, _ANY_TIME)

    @cached_property
    def _times(self) -> tuple[int, ...]:
        """The starts of a day that matches, in ticks after midnight."""
        hours, minutes = sorted(self._parsed.hours), sorted(self._parsed.minutes)
        return tuple((hour * 60 + minute) * MINUTE for hour in hours for minute in minutes)


@lru_cache(maxsize=1024)
def problem_of(line: str) -> str | None:
    """Return what is wrong with a cron line; None for one that the API takes."""
    if line not in ALIASES and len(line) <= LONGEST_LINE and len(line.split()) != 5:
        return f"A cron line has exactly 5 fields, or is one of {', '.join(ALIASES)}."
    if len(line) > LONGEST_LINE:
        return f"A cron line has at most {LONGEST_LINE} characters."
    try:
        CronSim(ALIASES.get(line, line), _ANY_TIME)
    except CronSimError as error:
        return f"The cron line is wrong: {error}."
    return None


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())


def _cut(block: Block, begin: int, end: int) -> Block:
    """Return the part of a block from `begin` on and before `end`."""
    first, last = block.place(begin), block.place(end)
    return Block(block.base, block.offsets[first:last])
