"""Several stacks of one server."""

import re
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference, TextResourceContents
from support.authenticated_server import Grafana, calling, profiles_file, serving, tokens_file
from support.loopback import listening
from support.servers import content_of, text_of

from k6_cloud_mcp.access.named_tokens import read_tokens
from k6_cloud_mcp.config.reloading_file import BrokenFile
from k6_cloud_mcp.stacks.profiles import read_profiles
from k6_cloud_mcp_tools.toolsets import DEFAULT_TOOLSETS, select


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "profiles"),
        ("[profiles]", "profiles"),
        ('[profiles.a]\ntoken_env = "SURELY_NOT_SET"\nstack_id = 1', "SURELY_NOT_SET is not set"),
        ('[profiles.a]\ntoken_file = "missing"\nstack_id = 1', "missing cannot be read"),
        ('[profiles.a]\ntoken_file = "empty"\nstack_id = 1', "empty: it is empty"),
        ('[profiles.a]\ntoken_file = "odd"\nstack_id = 1', "characters that no token has"),
        ('[profiles.a]\ntoken = "secret"\nstack_id = 1', r"profiles\.a\.token"),
        ('[profiles.a]\ntoken_file = "good"', "stack_id or stack_url"),
        ("[profiles.a]\nsandbox = true\nstack_id = 1", "needs no token"),
        ('[profiles."a b"]\nsandbox = true', "profiles"),
        ('[profiles.a]\ntoken_file = "good"\nstack_url = "http://x.grafana.net"', "https"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_without_quoting_a_token(
    tmp_path: Path, text: str, words: str
):
    for name, token in {"good": "glsa_good", "empty": " \n", "odd": "glsa_ödd"}.items():
        (tmp_path / name).write_text(token)
    (tmp_path / "profiles.toml").write_text(text)
    with pytest.raises(BrokenFile, match=words) as refused:
        read_profiles(tmp_path / "profiles.toml")
    assert "glsa_" not in str(refused.value)


async def test_one_profile_costs_no_argument(tmp_path: Path):
    async with (
        listening(Grafana()) as grafana,
        serving(profiles_file=profiles_file(tmp_path, prod="glsa_p_1"), base_url=grafana) as address,
        calling(address) as client,
    ):
        tools = (await client.list_tools()).tools
        assert not any("stack" in tool.input_schema["properties"] for tool in tools)
        rows = content_of(await client.call_tool("list_load_tests", {}))["rows"]
        assert (await client.list_resources()).resources[0].uri == "k6://load_tests/7/script"
    assert rows[0]["name"] == "of owner_p_1 on 1"


async def test_of_several_profiles_each_tool_wants_one_of_those_the_caller_may_use(tmp_path: Path):
    tokens = tokens_file(tmp_path, all={}, two={"stacks": ["prod", "staging"]}, one={"stack": "dev"})
    profiles = profiles_file(tmp_path, prod="glsa_p_1", staging="glsa_s_2", dev="glsa_d_3")
    expected = {"all": ["prod", "staging", "dev"], "two": ["prod", "staging"], "one": None}
    async with (
        listening(Grafana()) as grafana,
        serving(profiles_file=profiles, tokens_file=tokens, base_url=grafana) as address,
    ):
        for name, stacks in expected.items():
            async with calling(address, authorization=f"Bearer token of {name}") as client:
                tools = (await client.list_tools()).tools
                assert [tool.name for tool in tools] == [one.name for one in select(DEFAULT_TOOLSETS)]
                for tool in tools:
                    schema = tool.input_schema
                    assert schema["properties"].get("stack") == ({"enum": stacks} if stacks else None)
                    assert ("stack" in schema.get("required", [])) == bool(stacks)
        async with calling(address, authorization="Bearer token of two") as client:
            of_staging = content_of(await client.call_tool("list_load_tests", {"stack": "staging"}))
            missing = text_of(await client.call_tool("list_load_tests", {}))
            forbidden = text_of(await client.call_tool("list_load_tests", {"stack": "dev"}))
    assert of_staging["rows"][0]["name"] == "of owner_s_2 on 2"
    assert "Say which stack is meant: stack is one of prod, staging" in missing
    assert "no such stack for you" in forbidden


async def test_documents_of_several_stacks_carry_their_stack(tmp_path: Path):
    profiles = profiles_file(tmp_path, prod="glsa_p_1", staging="glsa_s_2")
    async with (
        listening(Grafana()) as grafana,
        serving(profiles_file=profiles, base_url=grafana) as address,
        calling(address) as client,
    ):
        first = await client.list_resources()
        last = await client.list_resources(cursor=first.next_cursor)
        found = [one.uri for one in (*first.resources, *last.resources)]
        assert found[:2] == [f"k6://load_tests/7/script?stack={name}" for name in ("prod", "staging")]
        assert len(found) == len({*found})
        assert "k6://audit" in found
        for uri, who in zip(found, ("p_1 on 1", "s_2 on 2"), strict=False):
            document = (await client.read_resource(uri)).contents[0]
            assert isinstance(document, TextResourceContents)
            assert (document.uri, document.text) == (uri, f"// of owner_{who}")
        with pytest.raises(MCPError, match="Say which stack"):
            await client.read_resource("k6://load_tests/7/script")
        with pytest.raises(MCPError):
            await client.list_resources(cursor="elsewhere/0")
        await client.read_resource("k6://audit")
        templates = (await client.list_resource_templates()).resource_templates
        assert all(one.uri_template.endswith("{?stack}") for one in templates)
        template = ResourceTemplateReference(uri="k6://load_tests/{id}/script{?stack}")
        known = await client.complete(template, {"name": "id", "value": "7"}, {"stack": "prod"})
        assert known.completion.values == ["7"]


async def test_a_confirmation_for_one_stack_is_useless_on_another(tmp_path: Path):
    # The same token and the same names: only the stack differs.
    profiles = profiles_file(tmp_path, prod="glsa_p_1", copy="glsa_p_1")
    upstream = Grafana()
    async with (
        listening(upstream) as grafana,
        serving(profiles_file=profiles, base_url=grafana, confirm="two_step") as address,
        calling(address) as client,
    ):
        call = {"load_test_id": 7, "stack": "prod"}
        offer = content_of(await client.call_tool("delete_load_test", call))
        call["confirmation_token"] = offer["confirmation_token"]
        refused = text_of(await client.call_tool("delete_load_test", call | {"stack": "copy"}))
        assert upstream.deleted == []
        assert content_of(await client.call_tool("delete_load_test", call))["status"] == "done"
        audit = (await client.read_resource("k6://audit")).model_dump_json()
    assert "another operation" in refused
    assert upstream.deleted == ["of owner_p_1 on 1"]
    assert "prod" in audit


async def test_a_new_token_in_a_profiles_file_is_used_from_the_next_call_on(tmp_path: Path):
    profiles = profiles_file(tmp_path, prod="glsa_old_1")
    async with (
        listening(Grafana()) as grafana,
        serving(profiles_file=profiles, base_url=grafana) as address,
        calling(address) as client,
    ):
        seen: list[str] = []
        for token in ("glsa_old_1", "glsa_new_1", ""):
            (tmp_path / "prod.token").write_text(token)
            seen.append(content_of(await client.call_tool("list_load_tests", {}))["rows"][0]["name"])
    assert seen == ["of owner_old_1 on 1", "of owner_new_1 on 1", "of owner_new_1 on 1"]


async def test_the_sandbox_can_stand_beside_a_stack(tmp_path: Path):
    path = profiles_file(tmp_path, prod="glsa_p_1")
    path.write_text(path.read_text() + "[profiles.local]\nsandbox = true\n")
    async with (
        listening(Grafana()) as grafana,
        serving(profiles_file=path, base_url=grafana) as address,
        calling(address) as client,
    ):
        names = {
            stack: content_of(await client.call_tool("list_load_tests", {"stack": stack}))["rows"][0]["name"]
            for stack in ("prod", "local")
        }
    assert names["prod"] == "of owner_p_1 on 1"
    assert "owner" not in names["local"]


def test_the_files_that_the_guide_shows_can_be_used(tmp_path: Path):
    guide = (Path(__file__).parents[3] / "docs" / "operators.md").read_text("utf-8")
    blocks = dict(re.findall(r"```toml\n# (\w+)\.toml\n(.+?)```", guide, re.DOTALL))
    assert read_tokens(blocks["tokens"])["ci"].stack == "prod"
    (tmp_path / "prod.token").write_text("glsa_p_1")
    (tmp_path / "profiles.toml").write_text(blocks["profiles"])
    profiles = read_profiles(tmp_path / "profiles.toml").current()
    assert [one.is_sandbox for one in profiles.values()] == [False, True]
