"""Watching over a running k6."""

import anyio
from anyio.abc import Process

from k6_runner.limits import RunLimits
from k6_runner.log import Log
from k6_runner.process import interrupt, kill, stream
from k6_runner.verdict import Stop

_LAST_WORDS_SECONDS = 1


class Watch:
    """Reads the log of a running k6, and stops k6 when `stop` is set or its time is up (`reason` says which)."""

    def __init__(self, process: Process, limits: RunLimits, stop: anyio.Event) -> None:
        self.log = Log()
        self.reason: Stop | None = None
        self._process = process
        self._limits = limits
        self._stop = stop
        self._log_ended = anyio.Event()

    async def until_end(self) -> int:
        """Wait for the end and return k6's exit code."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read_log)
            tasks.start_soon(self._stop_in_time)
            await self._process.wait()
            with anyio.move_on_after(_LAST_WORDS_SECONDS):
                await self._log_ended.wait()
            tasks.cancel_scope.cancel()
        return await self._process.wait()

    async def _read_log(self) -> None:
        async for chunk in stream(self._process.stderr):
            self.log.feed(chunk)
        self._log_ended.set()

    async def _stop_in_time(self) -> None:
        with anyio.move_on_after(self._limits.max_duration + self._limits.grace):
            await self._stop.wait()
        self.reason = "user" if self._stop.is_set() else "time"
        await interrupt(self._process)
        await anyio.sleep(self._limits.grace)
        await kill(self._process)
