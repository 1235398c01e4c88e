"""Starts whose outcome is not known: what a later call needs to find the run that one of them may have made."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from k6_cloud.models import TestRun

# As long as the service remembers an idempotency key, a request that lingers on its way can still start a run.
REACH = timedelta(minutes=10)
_FORGOTTEN_AFTER = timedelta(hours=1)
_MOST_REMEMBERED = 1000
_CLOCK_SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class OpenStart:
    """A start that is, or may be, on its way since then. `newest` is the newest run before it, 0 without any.

    Where `newest` is unknown (None), the service's clock is trusted.
    """

    key: str
    since: datetime
    newest: int | None = None

    def run_among(self, runs: Iterable[TestRun], known: Collection[int | None] = ()) -> TestRun | None:
        """The run that this start made, if one of these can be it: the first since, and not one of `known`."""
        made = [run for run in runs if run.id not in known and self._can_have_made(run)]
        return min(made, key=lambda run: run.id, default=None)

    def _can_have_made(self, run: TestRun) -> bool:
        if run.created > self.since + REACH:
            return False
        return run.id > self.newest if self.newest is not None else run.created > self.since - _CLOCK_SKEW


class OpenStarts:
    """The starts on their way in this process, by who made them and for which load test."""

    def __init__(self) -> None:
        self._starts: dict[tuple[str, int], OpenStart] = {}
        self._made: dict[tuple[str, int], int] = {}

    def begin(self, caller: str, load_test_id: int, key: str, newest: int | None) -> OpenStart:
        """A start goes out. One that is still open is repeated under its own key: whatever becomes of both, it is one run."""
        now = datetime.now(UTC)
        self._starts = {
            whose: start for whose, start in self._starts.items() if start.since > now - _FORGOTTEN_AFTER
        }
        start = self.find(caller, load_test_id)
        if start is None or start.since < now - REACH:
            start = OpenStart(key, now, newest)
        self._starts[caller, load_test_id] = start
        return start

    def find(self, caller: str, load_test_id: int) -> OpenStart | None:
        """The open start of this test by this caller."""
        return self._starts.get((caller, load_test_id))

    def end(self, caller: str, load_test_id: int, run_id: int, start: OpenStart | None = None) -> None:
        """The caller is told of the run that a start made: the open one, or `start`, which need no longer be open."""
        if start is None or self._starts.get((caller, load_test_id)) == start:
            self._starts.pop((caller, load_test_id), None)
        self._made[caller, load_test_id] = run_id
        while len(self._made) > _MOST_REMEMBERED:
            del self._made[next(iter(self._made))]

    def refused(self, caller: str, load_test_id: int, before: OpenStart | None) -> None:
        """A start made nothing: what was open before it still is."""
        self._starts.pop((caller, load_test_id), None)
        if before is not None:
            self._starts[caller, load_test_id] = before

    def last_made(self, caller: str, load_test_id: int) -> int | None:
        """The last run that this caller was told of."""
        return self._made.get((caller, load_test_id))
