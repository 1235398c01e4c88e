"""Records of starts: the intent before a start goes out, the run that it made, and what that cost."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from k6_cloud.models import TestRun

# As long as the service remembers an idempotency key, a request that lingers on its way can still start a run.
REACH = timedelta(minutes=10)
# Longer than a month, so that a month can be added up.
KEPT = timedelta(days=40)
_CLOCK_SKEW = timedelta(seconds=30)


class Start(BaseModel):
    """One start: an intent by `caller`, or a run that somebody else started (`caller` and `key` are empty then).

    `newest` is the newest run before it, 0 without any; None if it is not known, and the service's clock is trusted.
    `most_vuh` is what it can cost, `charge` what it did cost. `acknowledged` says that the caller has named the run
    since, so that it must know of it. A `refused` start made nothing.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(default_factory=lambda: uuid4().hex)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    load_test_id: int
    caller: str = ""
    key: str = ""
    newest: int | None = None
    most_vuh: float | None = None
    run_id: int | None = None
    charge: float | None = None
    acknowledged: bool = False
    refused: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is not known what became of it."""
        return self.run_id is None and not self.refused

    def is_of(self, run: TestRun) -> bool:
        """Whether it is the record of this run, and not of one that had its number before a sandbox was emptied."""
        return self.run_id == run.id and self.at - REACH < run.created <= self.at + REACH

    def run_among(self, runs: Iterable[TestRun], known: Collection[int | None] = ()) -> TestRun | None:
        """Return the run that this start made, if one of these can be it: the first since, and not one of `known`."""
        made = [run for run in runs if run.id not in known and self.can_have_made(run)]
        return min(made, key=lambda run: run.id, default=None)

    def can_have_made(self, run: TestRun) -> bool:
        """Whether a run of this test is one that this start can have made."""
        if run.test_id != self.load_test_id or run.created > self.at + REACH:
            return False
        return run.id > self.newest if self.newest is not None else run.created > self.at - _CLOCK_SKEW


# Looks at all records, oldest first, and returns those to write: new ones, and known ones with what changed.
Decide = Callable[[Sequence[Start]], Sequence[Start]]


class StartStore(Protocol):
    """Keeps records for all processes that share it. Every method raises OSError if it cannot."""

    async def read(self) -> Sequence[Start]:
        """Return the records of the last 40 days, oldest first."""
        ...

    async def write(self, decide: Decide) -> Sequence[Start]:
        """Write what `decide` returns, for good before returning it. Nobody else writes meanwhile."""
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until no other process or task spends from the day's ceiling, and keep them waiting."""
        ...
