"""Histograms that merge exactly: buckets whose bounds grow by a fixed ratio, so that every value is known to 0.5 %.

A bucket is a number that sorts like the values in it: 0 for zero, negative for negative values.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import accumulate

ERROR = 0.005
_RATIO = (1 + ERROR) / (1 - ERROR)
_PER_E = 1 / math.log(_RATIO)
# Keeps the buckets of the smallest positive float above zero.
_OFFSET = 80_000


def bucket(value: float) -> int:
    """The bucket that `value` falls in."""
    if value > 0:
        return math.ceil(math.log(value) * _PER_E) + _OFFSET
    return -bucket(-value) if value < 0 else 0


def middle(number: int) -> float:
    """The value that stands for a bucket: off by no more than ERROR from any value in it."""
    if number < 0:
        return -middle(-number)
    return math.exp((number - _OFFSET) / _PER_E) * 2 / (_RATIO + 1) if number else 0.0


def quantile(counts: Mapping[int, int], share: float) -> float:
    """The value below which a `share` of all values lies, between two of them as k6 itself interpolates.

    Raises ValueError when there is no value.
    """
    place = share * (sum(counts.values()) - 1)
    lower, upper = _ranked(counts, (math.floor(place), math.ceil(place)))
    return lower + (upper - lower) * (place - math.floor(place))


def _ranked(counts: Mapping[int, int], ranks: tuple[int, ...]) -> Iterator[float]:
    """The values at `ranks` (from 0), which ascend."""
    if not counts:
        raise ValueError("An empty histogram has no quantiles.")
    numbers = sorted(counts)
    ends = list(accumulate(counts[number] for number in numbers))
    position = 0
    for rank in ranks:
        while ends[position] <= rank:
            position += 1
        yield middle(numbers[position])
