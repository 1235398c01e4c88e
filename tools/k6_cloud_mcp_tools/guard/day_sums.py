"""The VUh of each day of a year to come, added up over starts and schedules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from k6_cloud.planning.days import counts, midnights
from k6_cloud.planning.recurrence import starts_between
from k6_cloud.planning.ticks import moment_of, ticks_of
from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.guard.planned_load import PlannedRun

# The ceiling's day is a day in UTC.
ZONE = UTC
DAYS = 367


@dataclass(frozen=True)
class DaySum:
    """One day: the runs of a load and their VUh, and the runs of other schedules and theirs."""

    day: date
    runs: int
    vuh: float
    other_runs: int
    other_vuh: float
    is_today: bool


@dataclass(frozen=True)
class Year:
    """The days from the one of `now` on, of which the first is what is left of it."""

    now: datetime

    @cached_property
    def bounds(self) -> list[int]:
        """The beginning of each day, and the end of the last one, in ticks."""
        begin, *rest = midnights(ZONE, self.now, DAYS)
        return [max(begin, ticks_of(self.now)), *rest]

    def starts(self, run: PlannedRun) -> list[int]:
        """Return how often a run starts on each day. Raises ValueError for a schedule that cannot be read."""
        if run.schedule is None:
            return [1, *[0] * (DAYS - 1)]
        return self.scheduled(run.schedule)

    def scheduled(self, plan: CreateSchedule) -> list[int]:
        """Return how often a plan starts its test on each day. Raises ValueError for one that cannot be read."""
        blocks = starts_between(plan, self.now, moment_of(self.bounds[-1]))
        return counts(blocks, self.bounds)

    def sums(self, load: Sequence[PlannedRun], others: Sequence[PlannedRun]) -> list[DaySum]:
        """Return the days on which something of `load` starts. All prices must be known."""
        own, other = self._added(load), self._added(others)
        return [
            DaySum(self._date(index), runs, vuh, *other[index], is_today=index == 0)
            for index, (runs, vuh) in enumerate(own)
            if runs
        ]

    def _added(self, runs: Sequence[PlannedRun]) -> list[tuple[int, float]]:
        starts = [(self.starts(run), run.vuh or 0.0) for run in runs]
        return [
            (sum(days[index] for days, _ in starts), sum(days[index] * vuh for days, vuh in starts))
            for index in range(DAYS)
        ]

    def _date(self, index: int) -> date:
        return moment_of(self.bounds[index]).astimezone(ZONE).date()
