"""The transports: stdio for one client, streamable HTTP for many."""

import logging
from collections.abc import Sequence
from functools import partial

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.bearer import require_bearer
from k6_cloud_mcp.server import K6Server, build_server
from k6_cloud_mcp.settings import Settings, SettingsError, is_loopback

logger = logging.getLogger(__name__)
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


async def serve_stdio(settings: Settings) -> None:
    """Serve the client at the other end of stdin and stdout until it leaves."""
    server = _build(settings, local_files=True)
    await server.run_stdio_async()


async def serve_http(settings: Settings, host: str, port: int, allowed_hosts: Sequence[str] = ()) -> None:
    """Serve streamable HTTP at `/mcp` until stopped. Raises SettingsError for an open door to the network."""
    app = http_app(settings, host, allowed_hosts)
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False)
    logger.info("Listening on http://%s:%s/mcp", host, port)
    await uvicorn.Server(config).serve()


def http_app(settings: Settings, host: str, allowed_hosts: Sequence[str] = ()) -> Starlette:
    """The HTTP application. Beyond loopback it requires K6_MCP_HTTP_TOKEN, and always a known Host and Origin."""
    if not is_loopback(host) and settings.http_token is None:
        raise SettingsError(
            f"Listening on {host} would let anyone on the network start load tests. Set K6_MCP_HTTP_TOKEN, which "
            "clients then send as a bearer token, or listen on 127.0.0.1."
        )
    server = _build(settings, local_files=False)
    server.custom_route("/healthz", methods=["GET"])(_healthy)
    names = [*_LOOPBACK_NAMES, *allowed_hosts]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[host for name in names for host in (name, f"{name}:*")],
        allowed_origins=[
            f"{scheme}://{name}{port}"
            for name in names
            for scheme in ("http", "https")
            for port in ("", ":*")
        ],
    )
    app = server.streamable_http_app(host=host, transport_security=security)
    if settings.http_token is not None:
        app.add_middleware(require_bearer(settings.http_token.get_secret_value()))
    return app


def _build(settings: Settings, *, local_files: bool) -> K6Server:
    sandbox = settings.uses_sandbox
    if sandbox:
        logger.warning("No Grafana Cloud credentials: using the sandbox on this machine.")
    open_app = partial(open_backend, settings, local_files=local_files)
    return build_server(open_app, settings.operations(), sandbox=sandbox)


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok")
