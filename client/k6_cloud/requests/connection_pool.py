"""Connections that are kept alive, and the queue in front of them."""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import anyio
import httpx

# Each connection is a pool of its own: what httpcore does for a request grows with the square of its pool's size.
ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0)
_KEPT_SECONDS = 60.0


class ConnectionPool(httpx.AsyncBaseTransport):
    """Up to `most` connections by `make`, each kept alive until it was not used for a minute.

    A request beyond these waits for the first one that is given back, for as long as its pool timeout allows.
    """

    def __init__(
        self,
        make: Callable[[], httpx.AsyncBaseTransport],
        most: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._most = most
        self._now = now
        self._places = anyio.CapacityLimiter(most)
        # The one that was used last is on the right, and is used next.
        self._idle: deque[tuple[float, httpx.AsyncBaseTransport]] = deque()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on a connection, which is given back once the answer is closed."""
        lease = await self._lease(request)
        try:
            response = await lease.connection.handle_async_request(request)
        except BaseException:
            lease.end()
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Leased(response.stream, lease)
        return response

    async def aclose(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    async def _lease(self, request: httpx.Request) -> "_Lease":
        await self._wait(request)
        try:
            await self._close_one_unused()
            return _Lease(self, request, self._idle.pop()[1] if self._idle else self._make())
        except BaseException:
            self._places.release_on_behalf_of(request)
            raise

    async def _wait(self, request: httpx.Request) -> None:
        """Wait for a place. Raises PoolTimeout."""
        try:
            with anyio.fail_after(request.extensions.get("timeout", {}).get("pool")):
                await self._places.acquire_on_behalf_of(request)
        except TimeoutError as error:
            message = f"all {self._most} connections are in use"
            raise httpx.PoolTimeout(message, request=request) from error

    async def _close_one_unused(self) -> None:
        if self._idle and self._idle[0][0] < self._now() - _KEPT_SECONDS:
            await self._idle.popleft()[1].aclose()

    def give_back(self, request: httpx.Request, connection: httpx.AsyncBaseTransport) -> None:
        """Keep a connection for the next request."""
        self._idle.append((self._now(), connection))
        self._places.release_on_behalf_of(request)


@dataclass
class _Lease:
    """A connection in use by a request."""

    pool: ConnectionPool
    request: httpx.Request
    connection: httpx.AsyncBaseTransport
    ended: bool = False

    def end(self) -> None:
        """Give the connection back, once."""
        if not self.ended:
            self.ended = True
            self.pool.give_back(self.request, self.connection)


class _Leased(httpx.AsyncByteStream):
    """The body of an answer, with the connection it comes by."""

    def __init__(self, stream: httpx.AsyncByteStream, lease: _Lease) -> None:
        self._stream = stream
        self._lease = lease

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._lease.end()
