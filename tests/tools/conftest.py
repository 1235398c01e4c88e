from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count

import anyio
import httpx
import pytest
from support.servers import World, open_world

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud_sandbox.settings import STACK_ID

Intercept = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


@pytest.fixture
async def world() -> AsyncGenerator[World, None]:
    """A fresh world."""
    async with open_world() as opened:
        yield opened


@pytest.fixture
async def through(world: World) -> AsyncGenerator[Callable[[Intercept], K6Cloud], None]:
    """Makes clients of the sandbox that pass each request to a function first, which may answer it or fail.

    They do not retry, so that failures are quick.
    """
    service = httpx.ASGITransport(world.sandbox.app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:

        def client(intercept: Intercept) -> K6Cloud:
            async def answer(request: httpx.Request) -> httpx.Response:
                return await intercept(request) or await service.handle_async_request(request)

            http = connect(
                Credentials(world.sandbox.token, STACK_ID),
                world.sandbox.base_url,
                httpx.MockTransport(answer),
            )
            stack.push_async_callback(http.aclose)
            return K6Cloud(http, retries=NO_RETRIES)

        yield client


@pytest.fixture
def run_script(world: World) -> Callable[..., Awaitable[TestRun]]:
    """Runs scripts with the real k6 to their end: each as a new load test, or as the next run of `test_id`."""
    numbers = count(1)

    async def run(script: str, test_id: int | None = None) -> TestRun:
        test_id = test_id or await world.new_test(f"Test {next(numbers)}", script)
        started = (await world.k6.load_tests.start(test_id)).id
        with anyio.fail_after(60):
            while not (ended := await world.k6.test_runs.get(started)).is_final:
                await anyio.sleep(0.05)
        return ended

    return run
