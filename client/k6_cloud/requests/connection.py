"""The HTTP connection to the service."""

import ssl
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import httpx
import truststore

from k6_cloud.auth import Credentials, StackAuth
from k6_cloud.config.proxies import proxy_for
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection_pool import ONE, ConnectionPool

DEFAULT_BASE_URL = "https://api.k6.io"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
DEFAULT_CONNECTIONS = 128


def connect(
    credentials: Credentials,
    base_url: str = DEFAULT_BASE_URL,
    transport: httpx.AsyncBaseTransport | None = None,
    client: Callable[..., httpx.AsyncClient] = httpx.AsyncClient,
    product: str = "",
    connections: int = DEFAULT_CONNECTIONS,
) -> httpx.AsyncClient:
    """Make an HTTP client bound to one address and one identity.

    Certificates are checked against the system's store, so a company's own authority works. Redirects are never
    followed: the token goes to `base_url` and nowhere else. `client` makes the client, as its class does. `product`
    names the program in the User-Agent, like `my-tool/1.0`. Up to `connections` requests are sent at once, others wait.
    Raises ConfigurationError for an impossible address.
    """
    _require_address(base_url)
    headers = {"User-Agent": _user_agent(product), "Accept": "application/json"}
    try:
        return client(
            base_url=base_url,
            auth=StackAuth(credentials),
            headers=headers,
            timeout=_TIMEOUT,
            transport=transport or _pool(base_url, connections),
            follow_redirects=False,
            trust_env=False,
        )
    except ConfigurationError:
        raise
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            f"No connection can be made: the API's address is not valid ({type(error).__name__})."
        ) from None


def _pool(base_url: str, connections: int) -> ConnectionPool:
    if connections < 1:
        raise ConfigurationError("There has to be at least one connection.")
    verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The variables are read by ourselves, because httpx fails on values that other programs take.
    proxy = proxy_for(base_url)
    make = partial(httpx.AsyncHTTPTransport, verify=verify, trust_env=False, limits=ONE, proxy=proxy)
    return ConnectionPool(make, connections)


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
