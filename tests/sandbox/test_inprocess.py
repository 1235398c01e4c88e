import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from k6_cloud_sandbox.inprocess import InProcessTransport

HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"x-made-by", b"app")]}


def client_of(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=InProcessTransport(app), base_url="http://test")  # pyright: ignore[reportArgumentType]


async def test_an_answer_comes_piece_by_piece_while_the_app_still_works():
    go_on = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await send(HEAD)
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"last"})

    async with client_of(app) as http, http.stream("GET", "/") as answer:
        pieces = answer.aiter_raw()
        assert (answer.headers["x-made-by"], await anext(pieces)) == ("app", b"first")
        go_on.set()
        assert await anext(pieces) == b"last"


async def test_the_app_sees_the_request_as_it_was_sent():
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        seen.extend([scope["method"], scope["path"], scope["query_string"], body])
        await send(HEAD)
        await send({"type": "http.response.body", "body": b""})

    async with client_of(app) as http:
        await http.put("/a%20b?c=d", content=b"body")
    assert seen == ["PUT", "/a b", b"c=d", b"body"]


async def test_a_crash_before_the_answer_is_a_500_and_one_within_it_breaks_off():
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["path"] == "/late":
            await send(HEAD)
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("crash")

    async with client_of(app) as http:
        assert (await http.get("/early")).status_code == 500
        with pytest.raises(httpx.ReadError):
            await http.get("/late")


async def test_an_app_whose_listener_has_gone_is_told():
    told = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await send(HEAD)
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
        except OSError:
            told.set()

    async with client_of(app) as http:
        async with http.stream("GET", "/"):
            pass
        with anyio.fail_after(5):
            await told.wait()
