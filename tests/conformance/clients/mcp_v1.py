"""The Python SDK 1.x, which has an environment of its own."""

import asyncio
import sys
from typing import Any

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client

SCRIPT = "export default function () {}"


async def type_name(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    del context
    return types.ElicitResult(action="accept", content={"name": params.message.split("'")[1]})


async def main(url: str) -> None:
    async with (
        streamablehttp_client(url) as (read, write, _),
        ClientSession(read, write, elicitation_callback=type_name) as client,
    ):
        await client.initialize()
        assert "delete_load_test" in {tool.name for tool in (await client.list_tools()).tools}
        created = await call(client, "create_load_test", {"name": "From mcp 1.x", "script": SCRIPT})
        document = await client.read_resource(f"k6://load_tests/{created['id']}/script")
        assert document.contents[0].text == SCRIPT
        deleted = await call(client, "delete_load_test", {"load_test_id": created["id"]})
        assert deleted["confirmed_by"] == "person", deleted


async def call(client: ClientSession, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    assert not result.isError, result.content
    return result.structuredContent


asyncio.run(main(sys.argv[1]))
