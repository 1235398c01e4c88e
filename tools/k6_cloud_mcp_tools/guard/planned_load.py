"""The load that a call starts, at once or by schedules, as ceilings count it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from k6_cloud.schedules import CreateSchedule


@dataclass(frozen=True)
class PlannedRun:
    """Runs of one load test: the most that one can cost in VUh, and its peak VUs; None if unknown.

    Without a `schedule` it starts at once. `name` is what a refusal calls it.
    """

    vuh: float | None
    max_vus: int | None
    schedule: CreateSchedule | None = None
    name: str = "it"


class OtherRuns(Protocol):
    """Finds the runs of the stack's other active schedules, for whose plan `matters` is true.

    Raises K6CloudError if they cannot be read.
    """

    async def __call__(self, matters: Callable[[CreateSchedule], bool]) -> Sequence[PlannedRun]: ...


async def no_other_runs(matters: Callable[[CreateSchedule], bool]) -> Sequence[PlannedRun]:
    """Find nothing."""
    del matters
    return ()


@dataclass(frozen=True)
class PlannedLoad:
    """The runs that a call starts or schedules, and a way to find those that are scheduled already.

    Two loads are equal if they start the same: what else is scheduled is read when a ceiling is checked.
    """

    runs: tuple[PlannedRun, ...]
    others: OtherRuns = field(default=no_other_runs, compare=False, repr=False)

    @classmethod
    def of(
        cls, vuh: float | None, max_vus: int | None, schedule: CreateSchedule | None = None
    ) -> "PlannedLoad":
        """Return the load of one test."""
        return cls((PlannedRun(vuh, max_vus, schedule),))

    @property
    def starts_now(self) -> bool:
        """Whether one of its runs starts at once."""
        return any(run.schedule is None for run in self.runs)
