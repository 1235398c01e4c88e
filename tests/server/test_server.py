"""What a client finds beside the tools: documents, prompts, completions, instructions."""

import base64
import io
import json
import tarfile

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    BlobResourceContents,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)
from support.archives import tar_of
from support.servers import SCRIPT, World, open_world

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud.scripts.script import Script
from k6_cloud_mcp.documents.script_listing import CAP, PAGE

TOKEN = "glc_planted_token_0123456789"


def archive() -> bytes:
    metadata = {"type": "js", "options": {"cloud": {"token": TOKEN}}, "env": {"PASSWORD": "planted-password"}}
    members = {
        "metadata.json": json.dumps(metadata, indent=2),
        "data": "import './lib.js';\nexport default function () {}\n",
        "file/home/lib.js": "// library\n",
    }
    return tar_of(members)


async def archive_test(world: World) -> int:
    with Script.from_chunks([archive()]) as script:
        return (await world.k6.load_tests.create(1, "Archived", script)).id


async def read_text(client: Client, uri: str) -> TextResourceContents:
    content = (await client.read_resource(uri)).contents[0]
    assert isinstance(content, TextResourceContents)
    return content


async def test_a_script_is_a_javascript_document():
    async with open_world() as world, world.connect() as client:
        test_id = await world.new_test()
        content = await read_text(client, f"k6://load_tests/{test_id}/script")
    assert (content.text, content.mime_type) == (SCRIPT, "text/javascript")


async def test_an_archive_is_a_blob_without_its_secrets():
    async with open_world() as world, world.connect() as client:
        test_id = await archive_test(world)
        content = (await client.read_resource(f"k6://load_tests/{test_id}/script")).contents[0]
    assert isinstance(content, BlobResourceContents)
    data = base64.b64decode(content.blob)
    assert content.mime_type == "application/x-tar"
    assert TOKEN.encode() not in data
    assert b"planted-password" not in data
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["metadata.json", "data", "file/home/lib.js"]


async def test_a_member_of_an_archive_is_a_document_by_its_path():
    async with open_world() as world, world.connect() as client:
        test_id = await archive_test(world)
        library = await read_text(client, f"k6://load_tests/{test_id}/script/file/home/lib.js")
        metadata = await read_text(client, f"k6://load_tests/{test_id}/script/metadata.json")
    assert (library.text, library.mime_type) == ("// library\n", "text/javascript")
    assert metadata.mime_type == "application/json"
    assert TOKEN not in metadata.text
    assert "planted-password" not in metadata.text


async def test_load_tests_and_runs_are_json_documents():
    async with open_world() as world, world.connect() as client:
        test_id = await world.new_test("Nightly")
        run = await world.k6.load_tests.start(test_id)
        test = json.loads((await read_text(client, f"k6://load_tests/{test_id}")).text)
        document = json.loads((await read_text(client, f"k6://test_runs/{run.id}")).text)
    assert test["name"] == "Nightly"
    assert (document["id"], document["load_test_id"]) == (run.id, test_id)


async def test_the_script_of_a_run_is_the_one_it_was_started_with():
    async with open_world() as world, world.connect() as client:
        test_id = await world.new_test()
        run = await world.k6.load_tests.start(test_id)
        with Script.from_chunks([b"// changed meanwhile"]) as changed:
            await world.k6.load_tests.upload_script(test_id, changed)
        content = await read_text(client, f"k6://test_runs/{run.id}/script")
    assert (content.text, content.mime_type) == (SCRIPT, "text/javascript")


@pytest.mark.parametrize(
    "uri",
    [
        "k6://load_tests/999/script",
        "k6://load_tests/abc/script",
        "k6://load_tests/-1",
        "k6://load_tests/99999999999999999999",
        "k6://test_runs/999",
        "k6://load_tests/1/script/nope.js",
        "k6://load_tests/1/script/../../secret",
        "k6://nothing/1",
    ],
)
async def test_a_document_that_does_not_exist_is_invalid_params(uri: str):
    async with open_world() as world, world.connect() as client:
        with pytest.raises(MCPError) as raised:
            await client.read_resource(uri)
    assert raised.value.code == INVALID_PARAMS


async def test_the_newest_scripts_are_listed_in_capped_pages():
    async with open_world() as world, world.connect() as client:
        for number in range(CAP + 5):
            await world.new_test(f"Test {number}")
        names: list[str] = []
        cursor: str | None = None
        while True:
            page = await client.list_resources(cursor=cursor)
            scripts = [resource.name for resource in page.resources if "load_tests" in str(resource.uri)]
            assert len(scripts) == PAGE
            names += scripts
            if (cursor := page.next_cursor) is None:
                break
        content = await read_text(client, page.resources[0].uri)
    assert len(names) == CAP
    assert names[0].startswith(f"Test {CAP + 4} ")
    assert content.text == SCRIPT


async def test_a_made_up_cursor_is_invalid_params():
    async with open_world() as world, world.connect() as client:
        for cursor in ("x", "-1", "1000000"):
            with pytest.raises(MCPError) as raised:
                await client.list_resources(cursor=cursor)
            assert raised.value.code == INVALID_PARAMS


async def test_an_id_completes_from_its_digits_and_from_a_part_of_the_name():
    reference = ResourceTemplateReference(type="ref/resource", uri="k6://load_tests/{id}/script")
    async with open_world() as world, world.connect() as client:
        test_id = await world.new_test("Checkout, nightly")
        by_name = await client.complete(reference, {"name": "id", "value": "NIGHT"})
        by_id = await client.complete(reference, {"name": "id", "value": str(test_id)})
    assert by_name.completion.values == [str(test_id)]
    assert str(test_id) in by_id.completion.values


async def test_what_cannot_be_completed_has_no_values():
    async with open_world() as world, world.connect() as client:
        prompt = PromptReference(type="ref/prompt", name="review_script")
        assert (await client.complete(prompt, {"name": "focus", "value": "a"})).completion.values == []


async def test_every_prompt_renders_with_its_arguments():
    async with open_world() as world, world.connect() as client:
        prompts = (await client.list_prompts()).prompts
        assert {prompt.name for prompt in prompts} == {
            "design_load_test",
            "review_script",
            "run_and_report",
            "triage_failed_run",
            "compare_test_runs",
            "openapi_to_load_test",
            "capacity_plan",
            "nightly_schedule",
            "regression_hunt",
        }
        for prompt in prompts:
            arguments = {argument.name: "7" for argument in prompt.arguments or []}
            message = (await client.get_prompt(prompt.name, arguments)).messages[0]
            assert message.role == "user"
            assert isinstance(message.content, TextContent)
            assert "7" in message.content.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("review_script", {}, "load_test_id"),
        ("review_script", {"load_test_id": "1", "bogus": "x"}, "bogus"),
        ("no_such_prompt", {}, "Unknown prompt 'no_such_prompt'. Prompts: capacity_plan"),
    ],
)
async def test_bad_prompt_arguments_are_invalid_params(name: str, arguments: dict[str, str], words: str):
    async with open_world() as world:
        for mode in ("auto", "legacy"):
            async with world.connect(mode=mode) as client:
                with pytest.raises(MCPError, match=words) as raised:
                    await client.get_prompt(name, arguments)
                assert raised.value.code == INVALID_PARAMS


async def test_the_instructions_say_plainly_that_this_is_the_sandbox():
    async with open_world() as world, world.connect() as client:
        assert client.instructions is not None
        assert "local sandbox" in client.instructions
        assert "nothing is charged" in client.instructions


async def test_a_list_of_documents_that_the_service_refuses_says_why():
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            403, json={"error": {"message": f"Not for you: {request.url.path}", "code": "x"}}
        )

    async with open_world() as world:
        http = connect(Credentials("token", 1), "https://api.example.com", httpx.MockTransport(refuse))
        async with http, world.connect(k6=K6Cloud(http, retries=NO_RETRIES)) as client:
            with pytest.raises(MCPError, match="403: Not for you"):
                await client.list_resources()


async def test_a_client_may_keep_what_hardly_changes_and_asks_again_for_what_does():
    async with open_world() as world, world.connect() as client:
        kept = [
            await client.list_tools(),
            await client.list_prompts(),
            await client.list_resource_templates(),
        ]
        asked_again = await client.list_resources()
    assert {(one.ttl_ms, one.cache_scope) for one in kept} == {(300_000, "private")}
    assert asked_again.ttl_ms == 0
