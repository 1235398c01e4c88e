"""A program that reads k6's metrics (`--out json`) on its input and writes frames, a small part of them, to its output.

    python -S -P -m k6_runner.capture.meter

A process of its own, with nothing but the standard library, so that a flood of values costs the sandbox
none of its time. Its input ends with k6, and its output with its input.
"""

import os
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from queue import Empty, Queue

from k6_runner.capture.aggregates import AGGREGATES
from k6_runner.capture.frame import Cell, Chunk, Frame, pack
from k6_runner.capture.series import SeriesCache, SeriesRegister

_FRAME_SECONDS = 0.5
# Values reach the meter a little after the moment they belong to.
_SETTLING_SECONDS = 0.5
_BUDGET_BYTES = 6 * 1024 * 1024
_LINE_LIMIT = 1024 * 1024
_READ_BYTES = 256 * 1024
_QUEUED = 64
_METRIC_MARK = b'{"type":"Metric",'
_METRIC = re.compile(rb'\{"type":"Metric","data":\{"name":"([^"\\]+)","type":"(counter|gauge|rate|trend)"')
_VALUE_MARK = b'"type":"Point","data":{'
_VALUE = re.compile(
    rb'\{"metric":"([^"\\]+)","type":"Point","data":\{"time":"(.{19})[.\d]*([^"]*)",'
    rb'"value":(-?[\d.]+(?:e[+-]?\d{1,2})?),"tags":(\{.*|null)\}\}\n'
)


_Written = tuple[bytes, bytes, bytes, bytes, bytes]


class _Seconds(dict[tuple[bytes, bytes], int]):
    """Unix seconds by date and zone as k6 writes them."""

    def __missing__(self, written: tuple[bytes, bytes]) -> int:
        if len(self) >= 1000:
            self.clear()
        second = self[written] = int(datetime.fromisoformat(b"".join(written).decode()).timestamp())
        return second


class Meter:
    """Adds up values by series and period of `seconds`; those that fit no series are counted as `dropped`.

    Each time a run has filled its `budget` of bytes its periods get twice as long, so that the size of a long
    one grows no more than a logarithm.
    """

    def __init__(self, budget: int = _BUDGET_BYTES) -> None:
        self.register = SeriesRegister()
        self.seconds = 1
        self.dropped = 0
        self._series = SeriesCache(self.register)
        self._moments = _Seconds()
        self._pending: defaultdict[tuple[int | None, int], list[float]] = defaultdict(list)
        self._budget = budget
        self._written = 0
        self._rest = b""

    def feed(self, block: bytes) -> None:
        """Take in a piece of k6's output, of any size and cut anywhere. What is not a metric is passed over."""
        whole, cut, rest = (self._rest + block).rpartition(b"\n")
        self._rest = rest
        if len(rest) > _LINE_LIMIT:
            self._rest = b""
            self.dropped += 1
        if cut:
            self._add(whole + cut)

    def take(self, until: float) -> Frame:
        """The frame of all that is new, with the periods that end before `until`."""
        ready = [
            key for key in self._pending if key[1] // self.seconds * self.seconds + self.seconds <= until
        ]
        frame = Frame(
            self.register.new_metrics,
            self.register.new_series,
            list(self._chunks(ready)),
            self.register.folded,
            self.dropped,
        )
        self.register.new_metrics, self.register.new_series = [], []
        self._lengthen()
        return frame

    def _add(self, lines: bytes) -> None:
        if _METRIC_MARK in lines:
            self._declare(lines)
        values: list[_Written] = _VALUE.findall(lines)
        self.dropped += lines.count(_VALUE_MARK) - len(values)
        rest = iter(values)
        while not self._added(rest):
            self.dropped += 1

    def _added(self, values: Iterator[_Written]) -> bool:
        """Whether all values could be added, or the last one taken could not: a script may write such lines itself."""
        series, moments, pending = self._series, self._moments, self._pending
        try:
            for name, date, zone, value, tags in values:
                pending[series[name, tags], moments[date, zone]].append(float(value))
        except ValueError:
            return False
        return True

    def _declare(self, lines: bytes) -> None:
        for name, kind in _METRIC.findall(lines):
            self.register.declare(name.decode(errors="replace"), kind.decode())

    def _chunks(self, ready: list[tuple[int | None, int]]) -> Iterator[Chunk]:
        for metric, cells in self._cells(ready).items():
            body = pack(cells)
            self._written += len(body)
            yield Chunk(metric, self.seconds, cells[-1][1] + self.seconds, body)

    def _cells(self, ready: list[tuple[int | None, int]]) -> dict[int, list[Cell]]:
        """The rows of the periods that are ready, by metric and in order of time."""
        periods: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        for series, second in sorted(ready, key=lambda key: key[1]):
            values = self._pending.pop((series, second))
            if series is None:
                self.dropped += len(values)
            else:
                periods[series, second // self.seconds * self.seconds] += values
        cells: defaultdict[int, list[Cell]] = defaultdict(list)
        for (series, second), values in periods.items():
            metric = self.register.metric_of[series]
            cells[metric.number].append((series, second, AGGREGATES[metric.type].reduce(values)))
        return cells

    def _lengthen(self) -> None:
        if self._written >= self._budget:
            self._written = 0
            self.seconds *= 2


def main() -> None:
    """Turn the input into frames until it ends."""
    meter = Meter()
    due = time.monotonic()
    for block in _blocks():
        meter.feed(block)
        if time.monotonic() >= due:
            _send(meter.take(time.time() - _SETTLING_SECONDS))
            due = time.monotonic() + _FRAME_SECONDS
    last = meter.take(float("inf"))
    sys.stdout.buffer.write(last.line())
    sys.stdout.buffer.flush()


def _send(frame: Frame) -> None:
    if frame.has_news:
        sys.stdout.buffer.write(frame.line())
        sys.stdout.buffer.flush()


def _blocks() -> Iterator[bytes]:
    """The input as it comes, and an empty block now and then while none comes."""
    blocks: Queue[bytes] = Queue(_QUEUED)
    threading.Thread(target=_read, args=[blocks], daemon=True).start()
    while True:
        try:
            block = blocks.get(timeout=_FRAME_SECONDS)
        except Empty:
            yield b""
            continue
        if not block:
            return
        yield block


def _read(blocks: "Queue[bytes]") -> None:
    while block := os.read(0, _READ_BYTES):
        blocks.put(block)
    blocks.put(b"")


if __name__ == "__main__":
    main()
