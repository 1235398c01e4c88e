import re
from pathlib import Path
from typing import Any

import pytest
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp_types import TextResourceContents
from support.servers import World, content_of, open_world

from k6_cloud_mcp.views import apps
from k6_cloud_mcp.views.apps import CONFIRM_URI, TEST_RUN_URI, view_of
from k6_cloud_mcp_tools.toolsets import TOOLS

URIS = (TEST_RUN_URI, CONFIRM_URI)
LARGEST = 150_000


async def listed_views(world: World) -> dict[str, Any]:
    async with world.connect() as client:
        tools = (await client.list_tools()).tools
    return {tool.name: tool.meta["ui"]["resourceUri"] for tool in tools if tool.meta}


def test_every_guarded_tool_has_a_view_that_can_ask():
    assert {one.name for one in TOOLS if one.is_guarded and view_of(one) is None} == set()


async def test_what_shows_a_run_is_shown_as_one_and_plain_reads_have_no_view():
    async with open_world() as world:
        views = await listed_views(world)
    of_a_run = {name for name, uri in views.items() if uri == TEST_RUN_URI}
    assert of_a_run == {"start_load_test", "get_test_run", "wait_for_test_run"}
    assert views["delete_load_test"] == CONFIRM_URI
    assert "list_load_tests" not in views


async def test_the_server_says_that_it_has_apps():
    async with open_world() as world, world.connect() as client:
        assert client.server_capabilities
        assert client.server_capabilities.extensions == {EXTENSION_ID: {}}


@pytest.mark.parametrize("uri", URIS)
async def test_a_view_is_one_small_document_that_may_connect_to_nothing(uri: str):
    async with open_world() as world, world.connect() as client:
        content = (await client.read_resource(uri)).contents[0]
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == APP_MIME_TYPE
    assert content.meta == {"ui": {"csp": {}}}
    assert len(content.text.encode()) < LARGEST
    assert "connect-src 'none'" in content.text
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", content.text) == []
    assert re.findall(r"@import|url\(", content.text) == []


async def test_views_are_listed_once_after_the_scripts():
    async with open_world() as world:
        for number in range(50):
            await world.new_test(f"Test {number}")
        async with world.connect() as client:
            first = await client.list_resources()
            assert first.next_cursor
            second = await client.list_resources(cursor=first.next_cursor)
    assert not [one for one in first.resources if one.uri.startswith("ui:")]
    assert [one.uri for one in second.resources if one.uri.startswith("ui:")] == list(URIS)


async def test_the_name_to_type_goes_to_the_card_and_not_to_the_model():
    async with open_world() as world, world.connect() as client:
        test_id = await world.new_test("Checkout")
        offer = await client.call_tool("delete_load_test", {"load_test_id": test_id})
        start = await client.call_tool("start_load_test", {"load_test_id": test_id})
    assert offer.meta
    assert start.meta
    assert offer.meta["k6-cloud-mcp/confirm"] == {"tool": "delete_load_test", "typedName": "Checkout"}
    assert start.meta["k6-cloud-mcp/confirm"] == {"tool": "start_load_test", "typedName": None}
    assert "typed_name" not in content_of(offer)


def test_the_built_views_lie_beside_the_code_that_serves_them():
    folder = Path(apps.__file__).parent
    assert {file.name for file in folder.glob("*.html")} == {"test-run.html", "confirm.html"}
