"""Days, and spans of every day, as the clocks of a time zone show them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo

from k6_cloud.planning.ticks import DAY, Block, moment_of, ticks_of

_STEP = 6 * 3600
_SECOND = 1_000_000


def midnights(zone: tzinfo, begin: datetime, days: int) -> list[int]:
    """Return the beginning of the day of `begin` and of as many days after it, one more than `days`, in ticks."""
    day = begin.astimezone(zone).date()
    dates = (day + timedelta(days=number) for number in range(days + 1))
    return [ticks_of(datetime(date.year, date.month, date.day, tzinfo=zone)) for date in dates]


def daily_spans(start: time, end: time, zone: tzinfo, begin: int, until: int) -> list[tuple[int, int]]:
    """Return the spans, from `begin` on and before `until`, in which clocks show `start` or later and less than `end`.

    A span whose `end` is not after its `start` passes midnight.
    """
    first, length = _ticks(start), (_ticks(end) - _ticks(start)) % DAY or DAY
    return [
        span
        for low, high, offset in _segments(zone, begin, until)
        for span in _spans(first - offset, length, low, high)
    ]


def counts(blocks: Iterable[Block], bounds: Sequence[int]) -> list[int]:
    """Return how many moments lie between each two neighbours among `bounds`, which are in order."""
    found = [0] * (len(bounds) - 1)
    for block in blocks:
        if span := block.span:
            first = max(0, bisect_right(bounds, span[0]) - 1)
            for index in range(first, min(len(found), bisect_left(bounds, span[1] + 1))):
                found[index] += block.count(bounds[index], bounds[index + 1])
    return found


def _spans(first: int, length: int, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the part from `low` to `high` of a span that begins at `first` and at each multiple of a day from it."""
    start = first + (low - length - first) // DAY * DAY
    while start < high:
        begin, end = max(start, low), min(start + length, high)
        if begin < end:
            yield begin, end
        start += DAY


def _segments(zone: tzinfo, begin: int, until: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a time in which the zone's offset from UTC, the third value, stays the same."""
    low, offset = begin, _offset(zone, begin)
    tick = begin
    while tick < until:
        following = min(tick + _STEP * _SECOND, until)
        if (changed := _offset(zone, following)) != offset:
            change = _change(zone, tick, following, offset)
            yield low, change, offset
            low, offset = change, changed
        tick = following
    if low < until:
        yield low, until, offset


def _change(zone: tzinfo, before: int, after: int, offset: int) -> int:
    """Return the first whole second after `before` at which the offset is no longer `offset`."""
    low, high = before // _SECOND, -(-after // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * _SECOND) == offset:
            low = middle
        else:
            high = middle
    return high * _SECOND


def _offset(zone: tzinfo, tick: int) -> int:
    offset = moment_of(tick).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


def _ticks(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * _SECOND + at.microsecond
