"""When a schedule starts its test, and what that costs: in words, and as a load that ceilings are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from k6_cloud.planning.recurrence import next_start
from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.guard.policy import PlannedLoad
from k6_cloud_mcp_tools.results import counted
from k6_cloud_mcp_tools.starts.pricing import Price

_SHOWN_STARTS = 5
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
_MOST_COUNTED = 3_000


def next_starts(plan: CreateSchedule, now: datetime) -> list[datetime]:
    """The next few starts, in UTC."""
    times: list[datetime] = []
    after = now
    while len(times) < _SHOWN_STARTS and (start := next_start(plan, after)):
        times.append(start)
        after = start
    return times


@dataclass(frozen=True)
class Forecast:
    """`shown` are the next few starts, `month` those of the 30 days from the first one on, as far as counted."""

    shown: Sequence[datetime]
    month: Sequence[datetime]
    price: Price

    @classmethod
    def of(cls, plan: CreateSchedule, shown: Sequence[datetime], price: Price) -> "Forecast":
        """The forecast of a plan with these next starts."""
        return cls(shown, _month_from(plan, shown[0]), price)

    @property
    def lines(self) -> list[str]:
        """When it starts next, and what that costs."""
        return [
            f"Next starts (UTC): {', '.join(f'{time:%a %Y-%m-%d %H:%M}' for time in self.shown)}.",
            f"Cost of a run: {self.price.words}.",
            f"Cost of the 30 days from the first start: {self._monthly()}.",
        ]

    @property
    def load(self) -> PlannedLoad:
        """What the schedule plans."""
        return self.price.planned(self.month, busiest_day(self.month))

    def _monthly(self) -> str:
        count, vuh = len(self.month), self.price.vuh
        least = "at least " if count == _MOST_COUNTED else ""
        runs = f"{least}{counted(count, 'run')}"
        return f"{runs}, price unknown" if vuh is None else f"{runs}, {least}{vuh * count:g} VUh"


def busiest_day(starts: Sequence[datetime]) -> int:
    """The most of these starts, which are in order, within 24 hours."""
    most, first = 0, 0
    for last, start in enumerate(starts):
        while start - starts[first] >= _DAY:
            first += 1
        most = max(most, last - first + 1)
    return most


def _month_from(plan: CreateSchedule, first: datetime) -> list[datetime]:
    times = [first]
    while len(times) < _MOST_COUNTED and (start := next_start(plan, times[-1])) and start < first + _MONTH:
        times.append(start)
    return times
