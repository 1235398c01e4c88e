"""Who we are: the token and the stack on every request."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import anyio
import httpx

from k6_cloud.errors import error_from_response
from k6_cloud.models import Authentication

AUTH_PATH = "/cloud/v6/auth"


@dataclass(frozen=True)
class Credentials:
    """An API token and the stack it is used on, named by id or by URL."""

    token: str = field(repr=False)
    stack_id: int | None = None
    stack_url: str | None = None


class StackAuth(httpx.Auth):
    """Sets `Authorization` and `X-Stack-Id`; a stack URL is resolved to its id once, on first use."""

    def __init__(self, credentials: Credentials) -> None:
        self._bearer = f"Bearer {credentials.token}"
        self._stack_id = credentials.stack_id
        self._stack_url = credentials.stack_url
        self._resolving = anyio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign `request`, asking for the stack id first where only the URL is known."""
        request.headers["Authorization"] = self._bearer
        if request.url.path != AUTH_PATH:
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
            request.url.copy_with(raw_path=AUTH_PATH.encode()),
            headers=headers,
            extensions=request.extensions,
        )


async def _stack_id(response: httpx.Response) -> int:
    await response.aread()
    if not response.is_success:
        raise error_from_response(response)
    return Authentication.model_validate_json(response.content).stack_id
