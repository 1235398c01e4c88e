"""Servers over a ground: in memory, and over HTTP on loopback."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from hostile.clients import Caller, Era, Host, in_memory, joined
from hostile.ground import ACTS, Ground, Pause, calling
from mcp.server.mcpserver import MCPServer

from k6_cloud_mcp.server import K6Server, build_server
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.toolsets import TOOLS

ACTING = [tool for tool in TOOLS if tool.name in ACTS]


def serving(
    ground: Ground, key: bytes | None = None, pauses: dict[str, Pause] | None = None, **app: Any
) -> K6Server:
    """A server of the operations that act on a ground; `app` are fields of its App, `pauses` as for `calling`."""

    @asynccontextmanager
    async def open_app() -> AsyncGenerator[App, None]:
        async with calling(ground, **(pauses or {})) as k6:
            yield replace(App(k6, sandbox=True, ask_seconds=20), **app)

    return build_server(open_app, ACTING, sandbox=True, key=key)


@asynccontextmanager
async def connected(server: MCPServer[App], host: Host, era: Era) -> AsyncGenerator[Caller, None]:
    """A client of a server in this process."""
    async with in_memory(server) as streams, joined(streams, host, era) as caller:
        yield caller
