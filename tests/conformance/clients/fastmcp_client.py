"""The client of fastmcp, which has an environment of its own."""

import asyncio
import sys
from typing import Any

from fastmcp import Client

SCRIPT = "export default function () {}"


async def type_name(message: str, response_type: Any, params: Any, context: Any) -> Any:
    del response_type, params, context
    return {"name": message.split("'")[1]}


async def main(url: str) -> None:
    async with Client(url, elicitation_handler=type_name) as client:
        assert "delete_load_test" in {tool.name for tool in await client.list_tools()}
        created = await client.call_tool("create_load_test", {"name": "From fastmcp", "script": SCRIPT})
        test_id = created.structured_content["id"]
        document = await client.read_resource(f"k6://load_tests/{test_id}/script")
        assert document[0].text == SCRIPT
        deleted = await client.call_tool("delete_load_test", {"load_test_id": test_id})
        assert deleted.structured_content["confirmed_by"] == "person", deleted


asyncio.run(main(sys.argv[1]))
