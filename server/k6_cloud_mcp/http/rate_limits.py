"""How many calls are served: at once by one caller and in all, and per minute by one caller."""

import math
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from k6_cloud_mcp.http.callers import caller_of
from k6_cloud_mcp.telemetry.metrics import Measures, Reason

# JSON-RPC leaves -32000 to -32099 to servers.
TOO_MANY = -32029
# How long a call takes, roughly: when a place that is taken now may be free.
_SOON = 1


@dataclass(frozen=True)
class Ceilings:
    """Calls `at_once` and `per_minute` by one caller, and at once `in_all`. Each process counts for itself."""

    at_once: int = 32
    per_minute: int = 3000
    in_all: int = 256


class Limited:
    """ASGI middleware that answers 429 to calls of `/mcp` beyond the ceilings, before anything is done for them."""

    def __init__(self, app: ASGIApp, ceilings: Ceilings, measures: Measures) -> None:
        self._app = app
        self._ceilings = ceilings
        self._measures = measures
        self._at_work = Counter[str]()
        self._rate = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._per_minute = RateLimitItemPerMinute(ceilings.per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A GET is the open ear of an older client, which may stay for hours: it is no call.
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        caller = caller_of(scope)
        if refusal := await self._refusal(caller):
            await refusal(scope, receive, send)
            return
        with self._at_work_for(caller):
            await self._app(scope, receive, send)

    async def _refusal(self, caller: str) -> Response | None:
        if self._at_work.total() >= self._ceilings.in_all:
            return self._refused(
                "server_busy", f"The server is busy with {self._ceilings.in_all} calls", _SOON
            )
        if self._at_work[caller] >= self._ceilings.at_once:
            words = f"This caller has {self._ceilings.at_once} calls at work"
            return self._refused("caller_busy", words, _SOON)
        if not await self._rate.hit(self._per_minute, caller):
            words = f"This caller made {self._ceilings.per_minute} calls within a minute"
            return self._refused("rate", words, await self._seconds_until_free(caller))
        return None

    async def _seconds_until_free(self, caller: str) -> int:
        window = await self._rate.get_window_stats(self._per_minute, caller)
        return max(1, math.ceil(window.reset_time - time.time()))

    def _refused(self, reason: Reason, words: str, seconds: int) -> Response:
        self._measures.rejected(reason)
        error = {
            "code": TOO_MANY,
            "message": f"{words}, which is the limit. Nothing was called. Try again in {seconds} s.",
            "data": {"reason": reason, "retry_after_seconds": seconds},
        }
        # The body was not read, so the id of the request is not known; clients take the answer by its connection.
        body = {"jsonrpc": "2.0", "id": None, "error": error}
        return JSONResponse(body, 429, {"Retry-After": str(seconds)})

    @contextmanager
    def _at_work_for(self, caller: str) -> Generator[None, None, None]:
        self._at_work[caller] += 1
        self._measures.in_flight(1)
        try:
            yield
        finally:
            self._measures.in_flight(-1)
            self._at_work[caller] -= 1
            if not self._at_work[caller]:
                del self._at_work[caller]
