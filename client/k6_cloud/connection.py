"""The HTTP connection to the real service."""

import ssl
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import httpx
import truststore

from k6_cloud.auth import Credentials, StackAuth

DEFAULT_BASE_URL = "https://api.k6.io"
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=10)


def connect(
    credentials: Credentials,
    base_url: str = DEFAULT_BASE_URL,
    transport: httpx.AsyncBaseTransport | None = None,
    client: Callable[..., httpx.AsyncClient] = httpx.AsyncClient,
) -> httpx.AsyncClient:
    """A client bound to one address and one identity.

    Certificates are checked against the system's store, so a company's own authority works. Redirects
    are never followed: the token goes to `base_url` and nowhere else. `client` makes the client, as its class does.
    """
    verify = transport is not None or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return client(
        base_url=base_url,
        auth=StackAuth(credentials),
        headers={"User-Agent": f"k6-cloud-mcp/{_version()}", "Accept": "application/json"},
        timeout=_TIMEOUT,
        limits=_LIMITS,
        verify=verify,
        transport=transport,
        follow_redirects=False,
    )


def _version() -> str:
    try:
        return version("k6-cloud-mcp")
    except PackageNotFoundError:
        return "0"
