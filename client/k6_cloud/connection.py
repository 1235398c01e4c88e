"""The HTTP connection to the service."""

import ssl
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import httpx
import truststore

from k6_cloud.auth import Credentials, StackAuth
from k6_cloud.config.proxies import proxy_for
from k6_cloud.errors import ConfigurationError

DEFAULT_BASE_URL = "https://api.k6.io"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=10)


def connect(
    credentials: Credentials,
    base_url: str = DEFAULT_BASE_URL,
    transport: httpx.AsyncBaseTransport | None = None,
    client: Callable[..., httpx.AsyncClient] = httpx.AsyncClient,
    product: str = "",
) -> httpx.AsyncClient:
    """Make an HTTP client bound to one address and one identity.

    Certificates are checked against the system's store, so a company's own authority works. Redirects are never
    followed: the token goes to `base_url` and nowhere else. `client` makes the client, as its class does. `product`
    names the program in the User-Agent, like `my-tool/1.0`. Raises ConfigurationError for an impossible address.
    """
    _require_address(base_url)
    headers = {"User-Agent": _user_agent(product), "Accept": "application/json"}
    verify = transport is not None or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return client(
            base_url=base_url,
            auth=StackAuth(credentials),
            headers=headers,
            timeout=_TIMEOUT,
            limits=_LIMITS,
            verify=verify,
            transport=transport,
            follow_redirects=False,
            # Read by ourselves, because httpx fails on values that other programs take.
            trust_env=False,
            proxy=None if transport is not None else proxy_for(base_url),
        )
    except ConfigurationError:
        raise
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            f"No connection can be made: the API's address is not valid ({type(error).__name__})."
        ) from None


def _require_address(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"The API's address {base_url!r} is not an address like {DEFAULT_BASE_URL}.")


def _user_agent(product: str) -> str:
    if not (product.isascii() and product.isprintable()):
        raise ConfigurationError("The product's name is not ASCII text like my-tool/1.0.")
    return f"{product} k6-cloud-python/{_version()}".strip()


def _version() -> str:
    try:
        return version("k6-cloud-mcp")
    except PackageNotFoundError:
        return "0"
