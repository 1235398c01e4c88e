"""HTTP within the process: requests go straight to the app, and answers come piece by piece.

httpx has a transport for this too, but it holds every answer whole before it gives any of it, which an
archive of many megabytes makes felt.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import anyio
import httpx
from anyio.abc import TaskGroup
from starlette.types import ASGIApp, Message

_PIECES_AHEAD = 4


class InProcessTransport(httpx.AsyncBaseTransport):
    """Runs each request's app beside its caller. Open it as a context, which `httpx.AsyncClient` does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = AsyncExitStack()
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._tasks = await self._open.enter_async_context(anyio.create_task_group())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        await self._open.__aexit__(exc_type, exc_value, traceback)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request to the app; the answer is there once its head is. A crash of the app is a 500."""
        if self._tasks is None:
            raise RuntimeError("The client must be used as a context: async with client.")
        exchange = _Exchange(request)
        self._tasks.start_soon(exchange.run, self._app)
        try:
            await exchange.answered.wait()
        except BaseException:
            # Cancelled before there is an answer to close: nobody else would tell the app.
            await exchange.aclose()
            raise
        return httpx.Response(exchange.status, headers=exchange.headers, stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer, which is the stream of its own body."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self._body = aiter(request.stream)
        self._body_read = False
        self._broke_off = False
        self._left = anyio.Event()
        self._send_piece, self._pieces = anyio.create_memory_object_stream[bytes](_PIECES_AHEAD)
        self.answered = anyio.Event()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []

    async def run(self, app: ASGIApp) -> None:
        """Let the app answer. Whatever it raises was its own affair: the caller sees the answer, or a 500."""
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:  # noqa: BLE001 - the app has logged it
            self._broke_off = True
        finally:
            self.answered.set()
            self._send_piece.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece
        if self._broke_off and self.headers:
            raise httpx.ReadError("The answer broke off.", request=self._request)

    async def aclose(self) -> None:
        """Tell the app that nobody listens any more."""
        self._left.set()
        self._pieces.close()

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }

    async def _receive(self) -> Message:
        if self._body_read:
            await self._left.wait()
            return {"type": "http.disconnect"}
        piece = await anext(self._body, None)
        self._body_read = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], [*message.get("headers", [])]
            self.answered.set()
        elif body := message.get("body", b""):
            try:
                await self._send_piece.send(body)
            except anyio.BrokenResourceError:
                raise OSError("The client has gone.") from None
