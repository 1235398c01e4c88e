"""Request bodies: their size limit and type, and how a worker thread reads them."""

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager

from anyio import from_thread
from fastapi import HTTPException, Request
from starlette.datastructures import FormData
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from k6_cloud.scripts.script import MIB
from k6_cloud_sandbox.errors import TooLarge, UnsupportedMediaType

JSON = "application/json"
BINARY = "application/octet-stream"
FORM = "multipart/form-data"


class BodyLimit:
    """ASGI middleware that ends a request whose body is past the limit: 1 MiB of JSON, `most` of anything else."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MIB if media_type(Request(scope)) == JSON else self._most
        received = 0

        async def limited() -> Message:
            nonlocal received
            part = await receive()
            received += len(part.get("body", b""))
            if received > limit:
                # FastAPI lets this one kind of exception pass while it reads a body.
                message = f"The request's body is larger than {limit / MIB:g} MiB. Nothing was changed."
                raise HTTPException(TooLarge.status, message)
            return part

        await self._app(scope, limited, send)


def media_type(request: Request) -> str:
    """The body's type without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_json(request: Request) -> None:
    """A dependency: a body that says it is something else than JSON is refused."""
    if (given := media_type(request)) not in ("", JSON):
        raise UnsupportedMediaType(given)


def require_type(request: Request, *expected: str) -> None:
    """Raise UnsupportedMediaType unless the body says it is one of `expected`."""
    if (given := media_type(request)) not in expected:
        raise UnsupportedMediaType(given)


def chunks(request: Request) -> Iterator[bytes]:
    """The body in pieces, for a worker thread: what it does with them never holds up the event loop."""
    stream = request.stream()
    while (chunk := from_thread.run(_next, stream)) is not None:
        yield chunk


@contextmanager
def form(request: Request) -> Generator[FormData, None, None]:
    """The parts of a multipart body, for a worker thread."""
    parts = from_thread.run(_form, request)
    try:
        yield parts
    finally:
        from_thread.run(parts.close)


async def _next(stream: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(stream, None)


async def _form(request: Request) -> FormData:
    return await request.form()
