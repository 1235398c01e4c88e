"""The time that a query is about."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from k6_cloud.models import TestRun
from k6_cloud_sandbox.errors import InvalidRequest

_USUAL_POINTS = 300
_MOST_POINTS = 11_000


@dataclass(frozen=True)
class Lifetime:
    """When a run began to run, and when its test ended or until when it is known so far; in Unix seconds."""

    begin: float
    end: float

    @classmethod
    def of(cls, run: TestRun, until: int | None = None) -> "Lifetime":
        """The lifetime of `run`, whose last value lies before `until`; one that never ran ends as it begins.

        Values end with the test, but k6 lives on to write them, which takes long after a flood.
        """
        entered = {status.type: status.entered for status in run.status_history}
        begin = entered.get("running", run.created)
        end = (entered.get("processing_metrics") or run.ended or datetime.now(UTC)).timestamp()
        last = end if until is None else min(end, until)
        return cls(begin.timestamp(), max(begin.timestamp(), last))


@dataclass(frozen=True)
class Window:
    """A part of a run: `count` steps of `step` seconds from `start` on, the last of which may reach past `end`.

    A `whole` one is a single step, which need not be of whole seconds.
    """

    start: int
    end: float
    step: float
    count: int
    is_whole: bool = False
    # k6 may measure a moment before the run is noted as running: no query of the whole run may miss that.
    takes_earlier: bool = False

    @classmethod
    def whole(cls, life: Lifetime, start: datetime | None, end: datetime | None) -> "Window":
        """One step from `start` to `end`, by default those of the run."""
        first, last = _bounds(life, start, end)
        return cls(first, last, last - first, 1, is_whole=True, takes_earlier=start is None)

    @classmethod
    def stepped(
        cls, life: Lifetime, start: datetime | None, end: datetime | None, step: int | None, period: int
    ) -> "Window":
        """Steps as long as asked for, but no shorter than the `period` that values are stored for.

        Raises InvalidRequest for too many of them.
        """
        first, last = _bounds(life, start, end)
        step = max(step or math.ceil((last - first) / _USUAL_POINTS), period)
        count = math.ceil((last - first) / step)
        if count > _MOST_POINTS:
            raise InvalidRequest.field(
                "step",
                f"There would be {count} points in each series, and {_MOST_POINTS} are the most. "
                "Take a longer step or a shorter window.",
            )
        return cls(first, last, step, count)

    def place(self, second: int) -> int:
        """The number of the step that a second is in; -1 for all time before, `count` for all time after."""
        if second < self.start:
            return 0 if self.takes_earlier else -1
        return int((second - self.start) // self.step) if second < self.end else self.count

    def moment(self, step: int) -> float:
        """The time of a step's value: the step's beginning, but for a whole window its end."""
        return self.end if self.is_whole else self.start + step * self.step


def _bounds(life: Lifetime, start: datetime | None, end: datetime | None) -> tuple[int, float]:
    """Values have the second they begin in, so the first second counts as a whole."""
    first = math.floor(start.timestamp() if start else life.begin)
    last = end.timestamp() if end else max(life.end, math.floor(life.begin) + 1)
    if first >= last:
        raise InvalidRequest.field("start", "The window is empty: its start does not lie before its end.")
    return first, last
