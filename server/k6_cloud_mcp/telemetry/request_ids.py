"""An id for each HTTP request, so that its log records, and those of a proxy before us, can be found together."""

import re
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
# The request that is being answered; empty outside of one, and on stdio.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_KEY = "k6_mcp_request_id"
# Whatever else comes in would be written to logs as it is.
_SANE = re.compile(r"[\w.:/+=-]{1,128}")


class RequestIds:
    """ASGI middleware: takes the id a proxy gave, or makes one, and says it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        scope[_KEY] = name = given if _SANE.fullmatch(given) else uuid4().hex

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        token = request_id.set(name)
        try:
            await self._app(scope, receive, named)
        finally:
            request_id.reset(token)


def id_of(request: Any) -> str:
    """The id of a request as the SDK hands it on: the task of a session has none of its own."""
    return getattr(request, "scope", {}).get(_KEY, "")
