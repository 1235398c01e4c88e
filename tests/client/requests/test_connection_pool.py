from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send
from support.loopback import listening

from k6_cloud.auth import Credentials
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection import connect
from k6_cloud.requests.connection_pool import ConnectionPool


class Connection(httpx.AsyncBaseTransport):
    """A connection that answers when it is let go, or fails."""

    def __init__(self, service: "Service", number: int) -> None:
        self.service, self.number = service, number
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.service.used.append(self.number)
        self.service.busy.add(self.number)
        try:
            await self.service.go.wait()
            if request.url.path == "/fail":
                raise httpx.ReadError("reset")
            return httpx.Response(200, stream=_Body())
        finally:
            self.service.busy.discard(self.number)

    async def aclose(self) -> None:
        self.closed = True


class _Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"hello"


@dataclass
class Service:
    """Makes connections, and lets all of them answer with `go`. Its clock is set by hand."""

    most: int = 2
    now: float = 100.0
    made: list[Connection] = field(default_factory=list[Connection])
    used: list[int] = field(default_factory=list[int])
    busy: set[int] = field(default_factory=set[int])
    go: anyio.Event = field(default_factory=anyio.Event)

    def make(self) -> Connection:
        self.made.append(Connection(self, len(self.made) + 1))
        return self.made[-1]

    def open(self, pool_seconds: float | None = None) -> httpx.AsyncClient:
        pool = ConnectionPool(self.make, self.most, lambda: self.now)
        timeout = httpx.Timeout(None, pool=pool_seconds)
        return httpx.AsyncClient(transport=pool, base_url="http://k6.test", timeout=timeout)


async def test_no_more_connections_are_opened_than_allowed_and_the_others_wait_in_turn():
    service = Service(most=3)
    async with service.open() as http, anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(http.get, "/")
        await anyio.wait_all_tasks_blocked()
        assert service.busy == {1, 2, 3}
        service.go.set()

    assert len(service.used) == 10
    assert len(service.made) == 3


async def test_the_connection_that_was_used_last_is_used_next():
    service = Service()
    service.go.set()
    async with service.open() as http:
        for _ in range(5):
            assert (await http.get("/")).text == "hello"

    assert service.used == [1] * 5


async def test_a_connection_is_in_use_until_its_answer_is_closed():
    service = Service()
    service.go.set()
    async with service.open() as http, http.stream("GET", "/") as response:
        await http.get("/")
        assert await response.aread() == b"hello"
        await response.aclose()
        await http.get("/")

    assert service.used == [1, 2, 1]


async def test_a_request_waits_no_longer_for_a_connection_than_its_timeout_allows():
    service = Service(most=1)
    async with service.open(pool_seconds=0.01) as http, anyio.create_task_group() as tasks:
        tasks.start_soon(http.get, "/")
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(httpx.PoolTimeout, match="all 1 connections are in use"):
            await http.get("/")
        service.go.set()


async def test_failures_and_cancelled_requests_give_their_connections_back():
    service = Service(most=1)
    async with service.open(pool_seconds=5) as http:
        with anyio.move_on_after(0.01):
            await http.get("/")
        service.go.set()
        with pytest.raises(httpx.ReadError):
            await http.get("/fail")
        assert (await http.get("/")).status_code == 200

    assert service.used == [1, 1, 1]


async def test_a_cancelled_wait_takes_no_place():
    service = Service(most=1)
    async with service.open() as http, anyio.create_task_group() as tasks:
        tasks.start_soon(http.get, "/")
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0.01):
            await http.get("/")
        service.go.set()
        assert (await http.get("/")).status_code == 200


async def test_connections_that_nobody_used_for_a_minute_are_closed():
    service = Service(most=3)
    service.go.set()
    async with service.open() as http:
        async with http.stream("GET", "/"), http.stream("GET", "/"), http.stream("GET", "/"):
            pass
        service.now += 61
        for _ in range(4):
            await http.get("/")
        assert [one.closed for one in service.made].count(True) == 2
        assert len(service.made) <= 4

    assert all(one.closed for one in service.made)


async def test_a_connection_that_cannot_be_made_takes_no_place():
    service = Service(most=1)
    service.go.set()
    broken = iter([OSError("too many open files")])

    def make() -> Connection:
        for error in broken:
            raise error
        return service.make()

    async with httpx.AsyncClient(transport=ConnectionPool(make, 1), base_url="http://k6.test") as http:
        with pytest.raises(OSError, match="too many"):
            await http.get("/")
        assert (await http.get("/")).status_code == 200


async def test_a_client_opens_as_many_connections_as_it_is_told_and_keeps_them():
    peers: list[tuple[str, int]] = []
    together = anyio.Event()

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        peers.append(scope["client"])
        if len(peers) == 5:
            together.set()
        await together.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with (
        listening(app, lifespan="off") as address,
        connect(Credentials("secret", 1), address, connections=5) as http,
    ):
        for _ in range(3):
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(http.get, "/")

    assert len(peers) == 60
    assert len({*peers}) == 5


@pytest.mark.parametrize("connections", [0, -1])
def test_a_client_needs_a_connection(connections: int):
    with pytest.raises(ConfigurationError, match="at least one connection"):
        connect(Credentials("secret", 1), connections=connections)
