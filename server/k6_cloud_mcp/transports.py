"""The transports: stdio for one client, streamable HTTP for many."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from starlette.applications import Starlette

from k6_cloud.config.addresses import is_loopback
from k6_cloud_mcp.backend import open_backend, require_connection, stacks_of
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.messages import stdio
from k6_cloud_mcp.server import K6Server, build_server
from k6_cloud_mcp.stacks.stacks import Stacks
from k6_cloud_mcp.startup import finish_startup, load
from k6_cloud_mcp.telemetry import otlp
from k6_cloud_mcp.telemetry.metrics import Measures
from k6_cloud_mcp.telemetry.tool_calls import WatchedCalls

logger = logging.getLogger(__name__)


async def serve_stdio(settings: Settings) -> None:
    """Serve the client at the other end of stdin and stdout until it leaves."""
    measures = Measures() if otlp.is_on() else None
    server = _build(settings, stacks_of(settings, measures), local_files=True, measures=measures)
    finish_startup()
    await stdio.serve(server)


async def serve_http(settings: Settings, host: str, port: int, allowed_hosts: Sequence[str] = ()) -> None:
    """Serve streamable HTTP at `/mcp` until stopped. Raises SettingsError, also for an address that cannot be had."""
    # Imported only when used: stdio need not pay for it at start-up.
    from k6_cloud_mcp.http.listening import listening_on, serve
    from k6_runner.own_ports import announced

    app = http_app(settings, host, allowed_hosts)
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listening_on(host, port)]
        stack.enter_context(announced(*{one.getsockname()[1] for one in sockets}))
        finish_startup()
        await serve(app, sockets)


def http_app(settings: Settings, host: str, allowed_hosts: Sequence[str] = ()) -> Starlette:
    """The HTTP application. Beyond loopback callers have to identify; always it wants a known Host and Origin."""
    # Imported only when used: stdio need not pay for it at start-up.
    from k6_cloud_mcp.access.verifier import verifier_of
    from k6_cloud_mcp.http.application import application
    from k6_cloud_mcp.telemetry.prometheus import PrometheusMeasures

    if not is_loopback(host) and not verifier_of(settings).is_needed:
        raise SettingsError(
            f"Listening on {host} would let anyone on the network start load tests. Set K6_MCP_HTTP_TOKEN, "
            "K6_MCP_TOKENS_FILE or K6_MCP_OAUTH_ISSUER, so that callers identify, or listen on 127.0.0.1."
        )
    measures = PrometheusMeasures()
    stacks = stacks_of(settings, measures)
    server = _build(settings, stacks, local_files=False, measures=measures)
    app = application(server, settings, stacks, measures, allowed_hosts)
    # Nobody waits for its start: the first call is to be as fast as any.
    load(settings.published())
    return app


def _build(settings: Settings, stacks: Stacks, *, local_files: bool, measures: Measures | None) -> K6Server:
    # Read here as well: a policy that cannot hold is told at start-up, not to the first client.
    settings.policy()
    require_connection(settings)
    sandbox = settings.uses_sandbox
    if sandbox and settings.backend == "auto":
        logger.warning("No Grafana Cloud credentials: using the sandbox on this machine.")
    open_app = partial(open_backend, settings, local_files=local_files, stacks=stacks, measures=measures)
    tools = settings.published()
    watchers = [WatchedCalls(measures, (tool.name for tool in tools))] if measures else []
    return build_server(open_app, tools, sandbox=sandbox, key=settings.key, stacks=stacks, watchers=watchers)
