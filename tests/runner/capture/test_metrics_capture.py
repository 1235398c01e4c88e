import os
import time
from collections.abc import Awaitable, Callable

import anyio
import pytest
from support.k6_output import BEGIN, metric, point

from k6_runner.capture.frame import Cell, Frame, unpack
from k6_runner.capture.metrics_capture import capturing


class _Kept:
    """Frames that were recorded."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.news = anyio.Event()

    async def record(self, frame: Frame) -> None:
        self.cells += [cell for chunk in frame.chunks for cell in unpack(chunk.body)]
        if self.cells:
            self.news.set()


async def test_what_is_written_to_the_output_arrives_in_frames():
    kept = _Kept()
    async with capturing(kept.record) as capture:
        os.write(capture.output, metric("c", "counter") + point("c", 0, 1) + point("c", 1, 2))

    assert capture.flags == ("--out", "json=-")
    assert kept.cells == [[0, BEGIN, [1]], [0, BEGIN + 1, [2]]]
    assert capture.shortcomings == []


async def test_values_arrive_while_the_run_goes_on():
    kept, second = _Kept(), time.time() - BEGIN
    async with capturing(kept.record) as capture:
        os.write(capture.output, metric("c", "counter") + point("c", second, 1))
        with anyio.fail_after(10):
            await kept.news.wait()
        assert time.time() - BEGIN - second < 4
        assert [row for _, _, row in kept.cells] == [[1]]


async def test_nothing_is_captured_for_nobody():
    async with capturing(None) as capture:
        assert capture.flags == ()


async def test_values_that_were_lost_are_told():
    async with capturing(_Kept().record) as capture:
        os.write(capture.output, point("undeclared", 0, 1) * 3)

    assert capture.shortcomings == ["3 metric values could not be kept."]


async def test_too_many_series_are_told_with_what_to_do():
    async with capturing(_Kept().record) as capture:
        lines = [point("c", 0, 1, url=str(number)) for number in range(5003)]
        os.write(capture.output, metric("c", "counter"))
        for line in lines:
            os.write(capture.output, line)

    (shortcoming,) = capture.shortcomings
    assert shortcoming.startswith("Metrics have more than 5000 series; 3 further ones are kept without")
    assert "`name` tag" in shortcoming


async def test_a_store_that_fails_does_not_end_the_run(caplog: pytest.LogCaptureFixture):
    async def record(frame: Frame) -> None:
        raise OSError(f"disk full: {frame.dropped}")

    await _write_two_frames(record)
    assert [log.message for log in caplog.records] == ["The metrics of a run could not be recorded"]


async def _write_two_frames(record: Callable[[Frame], Awaitable[None]]) -> None:
    async with capturing(record) as capture:
        os.write(capture.output, metric("c", "counter") + point("c", 0, 1))
        await anyio.sleep(0.6)
        os.write(capture.output, point("c", 1, 1))
    assert capture.shortcomings == ["A part of the metrics could not be stored."]


async def test_an_error_in_the_run_comes_out_as_it_is():
    with pytest.raises(ValueError, match="as it is"):
        async with capturing(_Kept().record):
            raise ValueError("as it is")


async def test_a_cancelled_run_leaves_no_meter_behind():
    with anyio.fail_after(10), anyio.move_on_after(0.2) as scope:
        async with capturing(_Kept().record):
            await anyio.sleep_forever()
    assert scope.cancelled_caught
