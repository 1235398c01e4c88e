"""Moments as whole microseconds, and blocks of them that are counted without being listed."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE


def ticks_of(moment: datetime) -> int:
    """Return the microseconds since 1970 of a moment with a time zone."""
    return (moment - _EPOCH) // _TICK


def moment_of(ticks: int) -> datetime:
    """Return the moment in UTC. Raises OverflowError beyond the calendar."""
    return _EPOCH + ticks * _TICK


@dataclass(frozen=True)
class Block:
    """Moments at `base` plus each of `offsets`, which are in order; a range of any length takes no room."""

    base: int
    offsets: Sequence[int]

    def count(self, begin: int, end: int) -> int:
        """Return how many there are from `begin` on and before `end`."""
        return self.place(end) - self.place(begin)

    def place(self, moment: int) -> int:
        """Return how many there are before `moment`."""
        return bisect_left(self.offsets, moment - self.base)

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last moment; None without any."""
        return (self.base + self.offsets[0], self.base + self.offsets[-1]) if self.offsets else None


class Starts(Protocol):
    """The starts of a schedule, in ticks."""

    def after(self, tick: int) -> int | None:
        """Return the first start later than `tick`."""
        ...

    def between(self, begin: int, end: int) -> Iterator[Block]:
        """Yield blocks of the starts from `begin` on and before `end`."""
        ...
