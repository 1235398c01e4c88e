"""One shared bearer token in front of the HTTP transport."""

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = "/healthz"


def require_bearer(token: str) -> type:
    """Middleware that answers 401 unless a request carries `token`; the health check stays open."""
    expected = f"Bearer {token}".encode()

    class RequireBearer:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] == _OPEN or _matches(scope, expected):
                await self._app(scope, receive, send)
                return
            body = {"error": "unauthorized", "error_description": "Send the token set as K6_MCP_HTTP_TOKEN."}
            await JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    return RequireBearer


def _matches(scope: Scope, expected: bytes) -> bool:
    given = Headers(scope=scope).get("authorization", "")
    return hmac.compare_digest(given.encode(), expected)
