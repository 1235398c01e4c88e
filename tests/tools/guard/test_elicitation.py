from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.client.extension import ClientExtension
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from support.servers import World, content_of

from k6_cloud_mcp.server import build_server
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.toolsets import TOOLS


class RendersApps(ClientExtension):
    """What a client says that shows views."""

    identifier = EXTENSION_ID

    def settings(self) -> dict[str, Any]:
        """Which documents it shows."""
        return {"mimeTypes": [APP_MIME_TYPE]}


async def next_step(world: World, *extensions: ClientExtension, mode: Any = "auto") -> str:
    @asynccontextmanager
    async def open_app() -> AsyncGenerator[App, None]:
        yield world.app

    test_id = await world.new_test()
    server = build_server(open_app, TOOLS, sandbox=True)
    async with Client(server, mode=mode, extensions=extensions) as client:
        return content_of(await client.call_tool("start_load_test", {"load_test_id": test_id}))["next"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_where_a_card_is_shown_the_model_waits_for_the_person(world: World, mode: str):
    step = await next_step(world, RendersApps(), mode=mode)
    assert "The user sees this preview in a card and decides there" in step
    assert "Only if they say that they see no card" in step


async def test_elsewhere_the_model_shows_the_preview_itself(world: World):
    step = await next_step(world)
    assert "nobody was asked (this client cannot be asked). Show the user this preview" in step
