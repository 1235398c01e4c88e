"""Whether this process wants new calls, and how it says goodbye: `/readyz` first, the door later."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

    def on_sigterm(self) -> None:
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


class Draining:
    """ASGI middleware that starts readiness with the application, and lets connections go while draining.

    `at_end` is called when the application is done.
    """

    def __init__(self, app: ASGIApp, readiness: Readiness, at_end: Callable[[], None]) -> None:
        self._app = app
        self._at_end = at_end
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = self._started if scope["type"] == "lifespan" else self._let_go

        async def sent(message: Message) -> None:
            await send(watch(message))

        await self._app(scope, receive, sent)

    def _started(self, message: Message) -> Message:
        if message["type"] == "lifespan.startup.complete":
            self._readiness.on_sigterm()
            self._readiness.started = True
        elif message["type"] == "lifespan.shutdown.complete":
            # The process ends by the signal that stopped it, which leaves nothing time later on.
            self._at_end()
        return message

    def _let_go(self, message: Message) -> Message:
        """A connection that is kept alive would bring further calls to a server that is about to close."""
        if message["type"] != "http.response.start" or not self._readiness.draining:
            return message
        return {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
