"""Readiness and graceful shutdown: fail `/readyz` first, then close the port."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

logger = logging.getLogger(__name__)


class Readiness:
    """Ready from the end of start-up until SIGTERM; from then on `drain_seconds` pass before the server closes.

    `problems` names settings that stand for something broken, with which the server goes on.
    """

    def __init__(self, drain_seconds: float = 0, problems: Callable[[], Sequence[str]] = tuple) -> None:
        self._drain_seconds = drain_seconds
        self._problems = problems
        self.started = False
        self.draining = False

    def begin(self) -> None:
        """The application has started."""
        self._on_sigterm()
        self.started = True

    async def live(self, _: Request) -> Response:
        """`/healthz`: the process answers. Restarting helps only where it does not."""
        return PlainTextResponse("ok")

    async def ready(self, _: Request) -> Response:
        """`/readyz`: 200 while new calls are welcome, 503 otherwise.

        It does not look at Grafana Cloud: an outage there would take every replica out at once.
        """
        if self.started and not self.draining:
            broken = "".join(
                f"\n{setting}: broken, what it said before holds; see the log" for setting in self._problems()
            )
            return PlainTextResponse(f"ready{broken}")
        return PlainTextResponse("draining" if self.draining else "starting", 503)

    def _on_sigterm(self) -> None:
        """Drain at the first SIGTERM before the server's own handler has it; at the second, at once."""
        close = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is threading.main_thread() and callable(close):
            loop = asyncio.get_running_loop()
            signal.signal(signal.SIGTERM, lambda number, _: self._drain(loop, close, number))

    def _drain(self, loop: asyncio.AbstractEventLoop, close: Callable[..., Any], number: int) -> None:
        if self.draining:
            close(number, None)
            return
        self.draining = True
        loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, close, number, None)
