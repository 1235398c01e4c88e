"""The hosts under which the server is reached, and the origins of web pages that may call it.

A page elsewhere could otherwise have a browser call a server on this machine (DNS rebinding).
"""

import re
from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection

from k6_cloud_mcp.access.refusals import refused
from k6_cloud_mcp.telemetry import request_ids

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Origins:
    """Allows loopback and `names`, each on any port, in any spelling of case."""

    def __init__(self, names: Iterable[str]) -> None:
        allowed = "|".join(re.escape(name) for name in (*_LOOPBACK_NAMES, *names))
        self._host = re.compile(rf"(?:{allowed})(?::[0-9]+)?", re.IGNORECASE)
        # Browsers send it in small letters.
        self.pattern = rf"(?i:https?://{self._host.pattern})"

    def require_host(self, request: HTTPConnection) -> None:
        """Raise Refused (421) for a request to any other host."""
        host = request.headers.get("host", "")
        if not self._host.fullmatch(host):
            words = f"This server is not {host[:100]!r}. The operator may allow the name with --allow-host."
            raise refused(421, "invalid_host", words)

    def require_origin(self, request: HTTPConnection) -> None:
        """Raise Refused (403) for a request that a page of any other origin makes."""
        origin = request.headers.get("origin", "")
        if origin and not re.fullmatch(self.pattern, origin):
            words = f"Pages of {origin[:100]!r} may not call this server."
            raise refused(403, "invalid_origin", words)


def add_cors(app: Starlette, origins: Origins) -> None:
    """Let pages of the allowed origins read the answers of `app`; preflight requests carry no token."""
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=origins.pattern,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=["Mcp-Session-Id", "Retry-After", "WWW-Authenticate", request_ids.HEADER],
        allow_private_network=True,
    )
