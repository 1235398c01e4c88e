from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from k6_cloud_sandbox.serving.inprocess import InProcessTransport

PIECE = b"x" * 1000
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


@asynccontextmanager
async def client_of(app: ASGIApp) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url="http://app") as client:
        yield client


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send(HEAD)
    await send(
        {"type": "http.response.body", "body": scope["raw_path"] + b"?" + scope["query_string"] + body}
    )


async def test_a_request_reaches_the_app_as_it_is_and_its_answer_comes_back():
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async with client_of(echo) as client:
        answer = await client.post("/a%20b?c=%2F", content=pieces())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
    assert answer.text == "/a%20b?c=%2Fonetwo"


async def test_an_answer_comes_while_the_app_still_makes_it_and_is_not_piled_up():
    made = 0

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal made
        del scope, receive
        await send(HEAD)
        while True:
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            made += 1

    async with client_of(endless) as client, client.stream("GET", "/") as answer:
        assert await anext(answer.aiter_raw()) == PIECE
        await anyio.wait_all_tasks_blocked()
        assert made < 10


async def test_an_app_is_told_when_its_reader_has_gone():
    told = anyio.Event()

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send(HEAD)
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    async with client_of(patient) as client:
        async with client.stream("GET", "/") as answer:
            assert answer.status_code == 200
        with anyio.fail_after(5):
            await told.wait()


async def test_a_call_given_up_before_its_answer_leaves_nothing_open_and_lets_the_app_finish():
    finished = anyio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(0.1)
        finished.set()
        await echo(scope, receive, send)

    # An end of a stream that is left open would be a ResourceWarning, which fails the test.
    async with client_of(slow) as client:
        with anyio.move_on_after(0.02):
            await client.get("/")
        with anyio.fail_after(5):
            await finished.wait()
        assert (await client.get("/again")).text == "/again?"


@pytest.mark.parametrize("begun", [False, True], ids=["before its answer", "in the middle of it"])
async def test_a_crash_of_the_app_is_a_500_or_an_answer_that_breaks_off(begun: bool):
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        if begun:
            await send(HEAD)
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        raise RuntimeError("a fault")

    async with client_of(crash) as client:
        if begun:
            with pytest.raises(httpx.ReadError, match="broke off"):
                await client.get("/")
        else:
            assert (await client.get("/")).status_code == 500


async def test_calls_under_way_end_with_the_client():
    started = anyio.Event()

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        started.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks, client_of(forever) as client:
        tasks.start_soon(client.get, "/")
        await started.wait()
        tasks.cancel_scope.cancel()
