"""Rate limits: calls at once by one caller and in all, and calls a minute by one caller."""

import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection

from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.access.refusals import Refused
from k6_cloud_mcp.telemetry.metrics import Measures, Reason
from k6_cloud_mcp_tools.guard.callers import name_of

# JSON-RPC leaves -32000 to -32099 to servers.
TOO_MANY = -32029
# A rough length of a call: then a place that is taken now may be free.
_SOON = 1


@dataclass(frozen=True)
class Ceilings:
    """Calls `at_once` and `per_minute` by one caller, and at once `in_all`. Each process counts for itself."""

    at_once: int = 32
    per_minute: int = 3000
    in_all: int = 256


class RateLimits:
    """Counts calls, and refuses those beyond the ceilings before anything is done for them."""

    def __init__(self, ceilings: Ceilings, measures: Measures) -> None:
        self._ceilings = ceilings
        self._measures = measures
        self._at_work = Counter[str]()
        self._rate = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._per_minute = RateLimitItemPerMinute(ceilings.per_minute)

    @asynccontextmanager
    async def call(self, caller: str) -> AsyncGenerator[None, None]:
        """The time in which a call of this caller is served. Raises Refused (429)."""
        self._require_place(caller)
        with self._at_work_for(caller):
            await self._require_rate(caller)
            yield

    def _require_place(self, caller: str) -> None:
        if self._at_work.total() >= self._ceilings.in_all:
            words = f"The server is busy with {self._ceilings.in_all} calls"
            raise self._refused("server_busy", words, _SOON)
        if self._at_work[caller] >= self._ceilings.at_once:
            words = f"This caller has {self._ceilings.at_once} calls at work"
            raise self._refused("caller_busy", words, _SOON)

    async def _require_rate(self, caller: str) -> None:
        if not await self._rate.hit(self._per_minute, caller):
            words = f"This caller made {self._ceilings.per_minute} calls within a minute"
            raise self._refused("rate", words, await self._seconds_until_free(caller))

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

    async def _seconds_until_free(self, caller: str) -> int:
        window = await self._rate.get_window_stats(self._per_minute, caller)
        return max(1, math.ceil(window.reset_time - time.time()))

    def _refused(self, reason: Reason, words: str, seconds: int) -> Refused:
        self._measures.rejected(reason)
        error = {
            "code": TOO_MANY,
            "message": f"{words}, which is the limit. Nothing was called. Try again in {seconds} s.",
            "data": {"reason": reason, "retry_after_seconds": seconds},
        }
        # The body was not read, so the id of the request is not known; clients take the answer by its connection.
        body = {"jsonrpc": "2.0", "id": None, "error": error}
        return Refused(429, body, {"Retry-After": str(seconds)})


def caller_of(grant: Grant, request: HTTPConnection) -> str:
    """The caller whose calls count together: the principal of its token, else its address.

    Never what it may choose for each call, such as its own credentials for Grafana.
    """
    if grant.is_local:
        return f"address {request.client.host if request.client else 'unknown'}"
    return f"token {name_of(grant)}"
