"""Who we are: the token and the stack on every request."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import anyio
import httpx

from k6_cloud.api import parse
from k6_cloud.errors import error_from_response
from k6_cloud.models import Authentication

AUTH_PATH = "/cloud/v6/auth"


@dataclass(frozen=True)
class Credentials:
    """An API token and the stack it is used on, named by id or by URL.

    Raises ValueError for a token that cannot stand in a header.
    """

    token: str = field(repr=False)
    stack_id: int | None = None
    stack_url: str | None = None

    def __post_init__(self) -> None:
        # Refused here, because an HTTP library would quote the token in its complaint.
        if not (self.token.isascii() and self.token.strip().isprintable()):
            raise ValueError(
                "The API token holds characters that no token has. Copy it again, without quotes."
            )


class StackAuth(httpx.Auth):
    """Sets `Authorization` and `X-Stack-Id`; a stack URL is resolved to its id once, on first use."""

    def __init__(self, credentials: Credentials) -> None:
        self._bearer = f"Bearer {credentials.token.strip()}"
        self._stack_id = credentials.stack_id
        self._stack_url = credentials.stack_url
        self._resolving = anyio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign `request`, asking for the stack id first where only the URL is known."""
        request.headers["Authorization"] = self._bearer
        if not request.url.path.endswith(AUTH_PATH):
            if self._stack_id is None:
                async with self._resolving:
                    if self._stack_id is None:
                        self._stack_id = await _stack_id((yield self._question(request)))
            request.headers["X-Stack-Id"] = str(self._stack_id)
        yield request

    def _question(self, request: httpx.Request) -> httpx.Request:
        headers = {"Authorization": self._bearer, "X-Stack-Url": self._stack_url or ""}
        return httpx.Request(
            "GET",
            request.url.copy_with(path=_prefix(request.url) + AUTH_PATH, query=None),
            headers=headers,
            extensions=request.extensions,
        )


def _prefix(url: httpx.URL) -> str:
    """The path of the configured address, before the API's own."""
    return url.path.partition("/cloud/")[0]


async def _stack_id(response: httpx.Response) -> int:
    await response.aread()
    if not response.is_success:
        raise error_from_response(response)
    return parse(Authentication, response).stack_id
