"""The token and the stack of every request."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import anyio
import httpx

from k6_cloud.errors import ConfigurationError
from k6_cloud.models import Authentication
from k6_cloud.requests.answers import parse
from k6_cloud.requests.failures import error_from_response

AUTH_PATH = "/cloud/v6/auth"
_LARGEST_ID = 2**63 - 1
_ADDRESS = re.compile(r"(https?://[a-z0-9.-]+\.?(?::[0-9]{1,5})?)(?:[/?#].*)?", re.IGNORECASE | re.ASCII)
_QUOTES = frozenset("'\"`")


@dataclass(frozen=True)
class Credentials:
    """An API token and the stack it is used on, by its id or by its URL (`https://acme.grafana.net`).

    Of a URL that was copied from a browser, the scheme and the host are kept. Raises ConfigurationError if one of them is missing or cannot be sent.
    """

    token: str = field(repr=False)
    stack_id: int | None = None
    stack_url: str | None = None

    def __post_init__(self) -> None:
        _require_token(self.token)
        if self.stack_id is None and self.stack_url is None:
            raise ConfigurationError(
                "The API token needs a stack to be used on: give its id (stack_id) or its URL (stack_url)."
            )
        if self.stack_id is not None:
            _require_id(self.stack_id)
        if self.stack_url is not None:
            object.__setattr__(self, "stack_url", _address(self.stack_url))


def _require_token(token: object) -> None:
    # Refused here, because an HTTP library would quote the token in its error.
    text = token.strip() if isinstance(token, str) else ""
    if not text:
        raise ConfigurationError("The API token is empty. Give a Grafana Cloud k6 API token.")
    if not (text.isascii() and text.isprintable()) or _QUOTES & set(text) or " " in text:
        raise ConfigurationError(
            "The API token holds characters that no token has. Copy it again, without quotes."
        )


def _require_id(stack_id: object) -> None:
    if type(stack_id) is not int or not 1 <= stack_id <= _LARGEST_ID:
        raise ConfigurationError(
            "stack_id is not a positive number. Take it from the URL of your stack's settings."
        )


def _address(stack_url: object) -> str:
    text = stack_url.strip() if isinstance(stack_url, str) else ""
    found = _ADDRESS.fullmatch(text if "://" in text else f"https://{text}")
    if found is None:
        raise ConfigurationError(
            "The stack's URL is not an address like https://acme.grafana.net. Copy it from your browser."
        )
    return found[1].lower()


class StackAuth(httpx.Auth):
    """Sets `Authorization` and `X-Stack-Id`; a stack URL is resolved to its id once, on first use."""

    def __init__(self, credentials: Credentials) -> None:
        self._bearer = f"Bearer {credentials.token.strip()}"
        self._stack_id = credentials.stack_id
        self._stack_url = credentials.stack_url
        self._resolving = anyio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request; if only the stack's URL is known, ask for its id first."""
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
    """Return the path of the configured address, before the API's own."""
    return url.path.partition("/cloud/")[0]


async def _stack_id(response: httpx.Response) -> int:
    await response.aread()
    if not response.is_success:
        raise error_from_response(response)
    return parse(Authentication, response).stack_id
