"""Aggregates of the values of a series in one period, for each type of metric.

`reduce` makes a row (plain JSON) of raw values; rows of any periods and series of a metric, given to one
aggregate in order of time, add up to what the raw values would have given.
"""

from abc import ABC, abstractmethod
from collections import Counter as Counts
from collections.abc import Sequence
from typing import Any

from k6_runner.capture.histogram import bucket

Row = Sequence[Any]


class Aggregate(ABC):
    """The sum of rows."""

    @staticmethod
    @abstractmethod
    def reduce(values: Sequence[float]) -> Row:
        """The row of the values of one period."""

    @abstractmethod
    def add(self, row: Row, second: int) -> None:
        """Take in the row of the period that begins at `second`."""


class Counter(Aggregate):
    """Counts up; `by_second` has the increase at each second that has one."""

    def __init__(self) -> None:
        self.by_second = Counts[int]()

    @staticmethod
    def reduce(values: Sequence[float]) -> Row:
        return [_short(sum(values))]

    def add(self, row: Row, second: int) -> None:
        self.by_second[second] += row[0]

    @property
    def total(self) -> float:
        """The whole increase."""
        return sum(self.by_second.values())


class Gauge(Aggregate):
    """Holds the latest value, with the extremes on the way; no value before the first one."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.last_second: int | None = None
        self.low: float | None = None
        self.high: float | None = None
        self.total = 0.0
        self.count = 0

    @staticmethod
    def reduce(values: Sequence[float]) -> Row:
        return [
            _short(values[-1]),
            _short(min(values)),
            _short(max(values)),
            _short(sum(values)),
            len(values),
        ]

    def add(self, row: Row, second: int) -> None:
        last, low, high, total, count = row
        self.last, self.last_second = last, second
        self.low = _least(self.low, low)
        self.high = _most(self.high, high)
        self.total += total
        self.count += count


class Rate(Aggregate):
    """Counts how many of all values are not zero."""

    def __init__(self) -> None:
        self.nonzero = 0
        self.count = 0

    @staticmethod
    def reduce(values: Sequence[float]) -> Row:
        return [len(values) - values.count(0), len(values)]

    def add(self, row: Row, second: int) -> None:
        del second
        self.nonzero += row[0]
        self.count += row[1]


class Trend(Aggregate):
    """The distribution of values; `buckets` is a histogram."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.squares = 0.0
        self.low: float | None = None
        self.high: float | None = None
        self.buckets = Counts[int]()

    @staticmethod
    def reduce(values: Sequence[float]) -> Row:
        buckets = Counts(map(bucket, values))
        squares = sum(value * value for value in values)
        flat = [number for pair in sorted(buckets.items()) for number in pair]
        return [len(values), sum(values), squares, min(values), max(values), flat]

    def add(self, row: Row, second: int) -> None:
        del second
        count, total, squares, low, high, flat = row
        self.count += count
        self.total += total
        self.squares += squares
        self.low = _least(self.low, low)
        self.high = _most(self.high, high)
        for number, size in zip(flat[::2], flat[1::2], strict=True):
            self.buckets[number] += size


AGGREGATES: dict[str, type[Aggregate]] = {"counter": Counter, "gauge": Gauge, "rate": Rate, "trend": Trend}


def _short(value: float) -> float:
    """A whole number without the `.0` that JSON would write."""
    return int(value) if float(value).is_integer() else value


def _least(first: float | None, second: float) -> float:
    return second if first is None else min(first, second)


def _most(first: float | None, second: float) -> float:
    return second if first is None else max(first, second)
