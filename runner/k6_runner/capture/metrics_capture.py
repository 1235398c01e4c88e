"""The metrics of a running k6 on their way through the meter to whoever keeps them."""

import logging
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from k6_runner.background import alongside
from k6_runner.capture.frame import Frame
from k6_runner.capture.series import MOST_SERIES
from k6_runner.environment import minimal_environment
from k6_runner.limits import MIB
from k6_runner.process import started

Record = Callable[[Frame], Awaitable[None]]

_log = logging.getLogger(__name__)
_METER = (sys.executable, "-S", "-P", "-m", "k6_runner.capture.meter")
_SOURCE_ROOT = Path(__file__).parents[2]
_FRAME_LIMIT = 64 * MIB
_LAST_FRAMES_SECONDS = 20
_END_SECONDS = 2


@dataclass
class Capture:
    """The pipe for k6's metrics: `output` becomes its standard output, `flags` tell k6 to write there."""

    flags: tuple[str, ...] = ()
    output: int = subprocess.DEVNULL
    shortcomings: list[str] = field(default_factory=list[str])


@asynccontextmanager
async def capturing(record: Record | None) -> AsyncGenerator[Capture, None]:
    """Have `record` called with every frame of the k6 that runs during the block; without it nothing is captured.

    At the end of the block, when k6 has ended, the last frames are waited for; `shortcomings` then say
    what could not be kept.
    """
    if record is None:
        yield Capture()
        return
    source, sink = os.pipe()
    capture = Capture(("--out", "json=-"), sink)
    try:
        meter = await _open_meter(source)
    except BaseException:
        os.close(sink)
        raise
    reader = _Reader(meter, record, capture)
    async with _closing(meter), alongside(reader.read, stop=lambda: None):
        try:
            yield capture
        finally:
            os.close(sink)
            reader.end_soon()


async def _open_meter(source: int) -> Process:
    """A meter that reads `source`, which is handed over to it."""
    environment = {**minimal_environment(), "PYTHONPATH": str(_SOURCE_ROOT)}
    try:
        return await started(_METER, stdin=source, stderr=None, env=environment)
    finally:
        os.close(source)


@asynccontextmanager
async def _closing(meter: Process) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            # It ends by itself, as its input has ended; killing it in that very moment would confuse asyncio.
            with anyio.move_on_after(_END_SECONDS) as waiting:
                await meter.wait()
            if waiting.cancelled_caught:
                meter.kill()
            await meter.aclose()


class _Reader:
    """Reads the frames of a meter to their end."""

    def __init__(self, meter: Process, record: Record, capture: Capture) -> None:
        assert meter.stdout is not None
        self._frames = BufferedByteReceiveStream(meter.stdout)
        self._record = record
        self._capture = capture
        self._scope = anyio.CancelScope()
        self._unrecorded = 0

    def end_soon(self) -> None:
        """Let the reading go on for a limited time only."""
        self._scope.deadline = anyio.current_time() + _LAST_FRAMES_SECONDS

    async def read(self) -> None:
        """Hand every frame on. One that cannot be recorded is passed over, so that k6 never has to wait."""
        last = Frame()
        ended = False
        with self._scope:
            try:
                while True:
                    last = Frame.from_line(await self._frames.receive_until(b"\n", _FRAME_LIMIT))
                    await self._keep(last)
            except (anyio.EndOfStream, anyio.IncompleteRead):
                ended = True
        self._capture.shortcomings += self._shortcomings(last, ended)

    async def _keep(self, frame: Frame) -> None:
        try:
            await self._record(frame)
        except Exception:  # noqa: BLE001 - whatever fails, the run goes on
            self._unrecorded += 1
            if self._unrecorded == 1:
                _log.exception("The metrics of a run could not be recorded")

    def _shortcomings(self, last: Frame, ended: bool) -> list[str]:
        found = {
            f"Metrics have more than {MOST_SERIES} series; {last.folded} further ones are kept without their "
            "url, name and error, or without any labels. Give requests a `name` tag that does not vary.": (
                last.folded
            ),
            f"{last.dropped} metric values could not be kept.": last.dropped,
            "A part of the metrics could not be stored.": self._unrecorded,
            "The last metrics came too late to be kept.": not ended,
        }
        return [message for message, happened in found.items() if happened]
