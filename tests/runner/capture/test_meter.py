import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.k6_output import BEGIN, metric, point

import k6_runner
from k6_runner.capture.frame import Cell, Frame, unpack
from k6_runner.capture.meter import Meter

FOREVER = float("inf")


def _cells(frame: Frame) -> list[Cell]:
    return [cell for chunk in frame.chunks for cell in unpack(chunk.body)]


def test_values_are_added_up_by_series_and_second():
    meter = Meter()
    meter.feed(metric("http_reqs", "counter") + point("http_reqs", 0.1, 1, status="200"))
    meter.feed(point("http_reqs", 0.9, 2, status="200") + point("http_reqs", 0.9, 1, status="500"))
    meter.feed(point("http_reqs", 1.0, 5, status="200"))
    frame = meter.take(FOREVER)

    assert [(m.number, m.name, m.type) for m in frame.metrics] == [(0, "http_reqs", "counter")]
    assert [(s.number, s.metric, s.labels) for s in frame.series] == [
        (0, 0, {"status": "200"}),
        (1, 0, {"status": "500"}),
    ]
    assert _cells(frame) == [[0, BEGIN, [3]], [1, BEGIN, [1]], [0, BEGIN + 1, [5]]]


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_the_output_may_be_cut_anywhere(size: int):
    output = metric("checks", "rate") + point("checks", 0, 1, check="é}}\n\"'") + point("checks", 0, 0) * 3
    meter = Meter()
    for start in range(0, len(output), size):
        meter.feed(output[start : start + size])
    frame = meter.take(FOREVER)

    assert [series.labels for series in frame.series] == [{"check": "é}}\n\"'"}, {}]
    assert _cells(frame) == [[0, BEGIN, [1, 1]], [1, BEGIN, [0, 3]]]
    assert frame.dropped == 0


def test_only_periods_that_have_ended_are_taken_and_late_values_come_in_another_piece():
    meter = Meter()
    meter.feed(metric("c", "counter") + point("c", 0.5, 1) + point("c", 1.5, 1))
    first, second = meter.take(BEGIN + 1), meter.take(BEGIN + 1.9)
    meter.feed(point("c", 0.7, 4))

    assert _cells(first) == [[0, BEGIN, [1]]]
    assert not second.has_news
    assert _cells(meter.take(FOREVER)) == [[0, BEGIN, [4]], [0, BEGIN + 1, [1]]]


def test_what_is_not_a_metric_is_passed_over():
    meter = Meter()
    meter.feed(b'\n  TOTAL RESULTS\n{"type":"Other"}\n{"a":1}\n' + metric("c", "counter") + point("c", 0, 1))

    assert _cells(meter.take(FOREVER)) == [[0, BEGIN, [1]]]
    assert meter.dropped == 0


def test_values_that_cannot_be_kept_are_counted():
    meter = Meter()
    meter.feed(point("undeclared", 0, 1) * 3)
    meter.feed(b'{"type":"Point","data":{"value":1},"metric":"of another form"}\n')
    meter.feed(b"x" * 2_000_000)

    assert meter.take(FOREVER).dropped == 5


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"2027-", b"2027x"),
        (b'"value":1', b'"value":1e999'),
        (b'"value":1', b'"value":1.2.3'),
        (b'"tags":{', b'"tags":['),
        (b'"tags":{', b'"tags":{x'),
    ],
)
def test_a_line_that_a_script_forged_does_no_harm(written: bytes, instead: bytes):
    good = point("c", 0, 1)
    assert written in good
    meter = Meter()
    meter.feed(metric("c", "counter") + good + good.replace(written, instead) + good)
    frame = meter.take(FOREVER)

    assert _cells(frame) == [[0, BEGIN, [2]]]
    assert frame.dropped == 1


def test_times_of_other_zones_are_understood():
    line = point("c", 0, 1).replace(b"Z", b"+02:00")
    meter = Meter()
    meter.feed(metric("c", "counter") + line)

    assert _cells(meter.take(FOREVER)) == [[0, BEGIN - 7200, [1]]]


def _flood(seconds: int, series: int) -> Iterator[bytes]:
    yield metric("t", "trend")
    for second in range(seconds):
        yield b"".join(point("t", second, 1 + n * second, own=str(n)) for n in range(series))


def test_a_run_that_fills_its_budget_gets_longer_periods():
    meter = Meter(budget=20_000)
    lengths, size = list[int](), 0
    for number, block in enumerate(_flood(120, 100)):
        meter.feed(block)
        frame = meter.take(BEGIN + number)
        lengths += [chunk.seconds for chunk in frame.chunks]
        size += sum(len(chunk.body) for chunk in frame.chunks)

    assert lengths == sorted(lengths)
    assert 8 <= lengths[-1] <= 64
    assert size < 20_000 * 6


def test_a_hundred_requests_per_second_need_less_than_ten_kilobytes_a_second():
    names = [f"http_req_{part}" for part in ("duration", "blocked", "connecting", "sending", "waiting")]
    meter, size = Meter(), 0
    meter.feed(b"".join(metric(name, "trend") for name in names) + metric("http_reqs", "counter"))
    for second in range(20):
        for place in range(100):
            value = 1 + (place * 7919 + second * 104729) % 1000 / 3
            meter.feed(
                b"".join(point(name, second, value, status="200", name=f"p{place % 4}") for name in names)
            )
            meter.feed(point("http_reqs", second, 1, status="200", name=f"p{place % 4}"))
        size += sum(len(chunk.body) for chunk in meter.take(BEGIN + second + 1).chunks)

    assert size / 20 < 10_000, "ten minutes would take more than 6 MB"


def test_the_program_needs_nothing_but_the_standard_library_and_ends_with_its_input():
    command = [sys.executable, "-S", "-P", "-m", "k6_runner.capture.meter"]
    output = metric("c", "counter") + point("c", 0, 1) * 5
    root = str(Path(k6_runner.__path__[0]).parent)
    done = subprocess.run(
        command, input=output, capture_output=True, check=True, env={"PYTHONPATH": root}, timeout=20
    )
    frames = [Frame.from_line(line) for line in done.stdout.splitlines()]

    assert done.stderr == b""
    assert [cell for frame in frames for cell in _cells(frame)] == [[0, BEGIN, [5]]]
