"""Who gets in over HTTP, by real requests on loopback."""

from pathlib import Path

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference
from pydantic import SecretStr
from support.authenticated_server import (
    ACCEPT,
    ERAS,
    INITIALIZE,
    Grafana,
    Mode,
    calling,
    knock,
    profiles_file,
    serving,
    token_block,
    tokens_file,
)
from support.loopback import listening
from support.servers import content_of, text_of

from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.transports import http_app
from k6_cloud_mcp_tools.toolsets import TOOLS


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


def test_listening_on_the_network_needs_a_way_to_identify(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"K6_MCP_TOKENS_FILE.*K6_MCP_OAUTH_ISSUER"):
        http_app(Settings(backend="sandbox", caller_credentials="headers"), "0.0.0.0")
    http_app(Settings(backend="sandbox", tokens_file=tokens_file(tmp_path, a={})), "0.0.0.0")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tokens_file": Path("/nowhere.toml")}, "K6_MCP_TOKENS_FILE"),
        ({"oauth_issuer": "https://idp.example"}, "half configured"),
        ({"profiles_file": Path("/nowhere.toml")}, "contradicts"),
    ],
)
def test_settings_that_cannot_work_are_told_at_start_up(given: dict[str, object], words: str):
    with pytest.raises(SettingsError, match=words):
        http_app(Settings.model_validate({"backend": "sandbox", **given}), "127.0.0.1")


async def test_the_operators_token_and_named_ones_open_and_others_do_not(tmp_path: Path):
    file = tokens_file(tmp_path, alice={}, old={"expires": "2020-01-01T00:00:00Z"})
    async with serving(backend="sandbox", tokens_file=file, http_token=SecretStr("master")) as address:
        opened = [(await knock(address, token)).status_code for token in ("master", "token of alice")]
        refused = [await knock(address, token) for token in (None, "x", "alice", "token of old", "a.b.c")]
        async with httpx.AsyncClient() as http:
            twice = [("Authorization", f"Bearer {token}") for token in ("token of alice", "master")]
            doubtful = await http.post(f"{address}/mcp", json=INITIALIZE, headers=[*ACCEPT.items(), *twice])
    assert opened == [200, 200]
    assert [answer.status_code for answer in refused] == [401] * 5
    assert refused[0].headers["WWW-Authenticate"] == "Bearer"
    assert 'error="invalid_token"' in refused[2].headers["WWW-Authenticate"]
    assert doubtful.status_code == 401


async def test_a_token_that_is_taken_out_of_the_file_no_longer_opens(tmp_path: Path):
    file = tokens_file(tmp_path, alice={}, bob={})
    async with serving(backend="sandbox", tokens_file=file) as address:
        assert (await knock(address, "token of bob")).status_code == 200
        tokens_file(tmp_path, alice={})
        assert (await knock(address, "token of bob")).status_code == 401
        file.write_text("[tokens.alice")
        assert (await knock(address, "token of alice")).status_code == 200
        file.write_text(token_block("carol"))
        assert (await knock(address, "token of carol")).status_code == 200


@pytest.mark.parametrize("scope", ["k6:read", "k6:write", "k6:run"])
@pytest.mark.parametrize("mode", ERAS)
async def test_a_caller_sees_and_calls_exactly_what_its_scope_covers(tmp_path: Path, scope: str, mode: Mode):
    file = tokens_file(tmp_path, one={"scopes": [scope]})
    async with (
        serving(backend="sandbox", tokens_file=file, toolsets=("all",)) as address,
        calling(address, mode, authorization="Bearer token of one") as client,
    ):
        listed = {tool.name for tool in (await client.list_tools()).tools}
        refused = [one for one in TOOLS if one.scope != scope]
        texts = {one.name: text_of(await client.call_tool(one.name, {})) for one in refused}
        instructions = client.instructions or ""
    assert listed == {one.name for one in TOOLS if one.scope == scope}
    for one in refused:
        assert f"needs the scope {one.scope}" in texts[one.name]
    assert ("start_load_test" in instructions) == (scope == "k6:run")
    assert ("All tools only read" in instructions) == (scope == "k6:read")


async def test_without_k6_read_there_are_no_documents_prompts_or_completions(tmp_path: Path):
    file = tokens_file(tmp_path, runner={"scopes": ["k6:run"]}, reader={"scopes": ["k6:read"]})
    template = ResourceTemplateReference(uri="k6://load_tests/{id}/script")
    async with serving(backend="sandbox", tokens_file=file) as address:
        for name, may in (("runner", False), ("reader", True)):
            async with calling(address, authorization=f"Bearer token of {name}") as client:
                scripts = (await client.list_resources()).resources
                templates = (await client.list_resource_templates()).resource_templates
                prompts = (await client.list_prompts()).prompts
                completed = await client.complete(template, {"name": "id", "value": "1"})
                assert [bool(some) for some in (scripts, templates, prompts)] == [may] * 3
                assert bool(completed.completion.values) == may
                if not may:
                    with pytest.raises(MCPError, match="k6:read"):
                        await client.read_resource("k6://load_tests/1/script")
                    with pytest.raises(MCPError, match="k6:read"):
                        await client.read_resource("k6://audit")
                    with pytest.raises(MCPError, match="k6:read"):
                        await client.get_prompt("review_script", {"load_test_id": "1"})


async def test_a_token_tightens_the_policy_and_headers_tighten_it_further(tmp_path: Path):
    file = tokens_file(tmp_path, one={"policy": {"projects": [1, 2], "max_vus": 1}})
    async with (
        listening(Grafana()) as grafana,
        serving(
            token=SecretStr("glsa_a_1"), stack_id=1, base_url=grafana, tokens_file=file, max_vus=5
        ) as address,
    ):
        bearer = "Bearer token of one"
        async with calling(address, authorization=bearer) as client:
            assert len(content_of(await client.call_tool("list_load_tests", {}))["rows"]) == 1
        async with calling(address, authorization=bearer, x_k6_mcp_projects="2,3") as client:
            assert content_of(await client.call_tool("list_load_tests", {}))["rows"] == []


@pytest.mark.parametrize("mode", ERAS)
async def test_a_confirmation_of_one_caller_is_useless_to_another(tmp_path: Path, mode: Mode):
    file = tokens_file(tmp_path, alice={}, bob={})
    upstream = Grafana()
    settings = {"token": SecretStr("glsa_a_1"), "stack_id": 1, "tokens_file": file, "confirm": "two_step"}
    async with listening(upstream) as grafana, serving(**settings, base_url=grafana) as address:
        async with calling(address, mode, authorization="Bearer token of alice") as alice:
            offer = content_of(await alice.call_tool("delete_load_test", {"load_test_id": 7}))
        spent = {"load_test_id": 7, "confirmation_token": offer["confirmation_token"]}
        async with calling(address, mode, authorization="Bearer token of bob") as bob:
            refused = text_of(await bob.call_tool("delete_load_test", spent))
            assert upstream.deleted == []
        async with calling(address, mode, authorization="Bearer token of alice") as alice:
            assert content_of(await alice.call_tool("delete_load_test", spent))["status"] == "done"
    assert "another caller" in refused
    assert len(upstream.deleted) == 1


async def test_a_session_of_one_caller_is_unknown_to_another(tmp_path: Path):
    file = tokens_file(tmp_path, alice={}, bob={}, carol={"scopes": ["k6:read"]})
    async with serving(backend="sandbox", tokens_file=file, caller_credentials="headers") as address:
        session = (await knock(address, "token of alice")).headers["mcp-session-id"]
        own = await knock(address, "token of alice", mcp_session_id=session)
        others = [
            await knock(address, "token of bob", mcp_session_id=session),
            await knock(
                address, "token of alice", mcp_session_id=session, x_k6_token="glsa_x", x_k6_stack_id="1"
            ),
        ]
    assert own.status_code != 404
    assert [answer.status_code for answer in others] == [404, 404]


async def test_the_audit_shows_a_caller_only_its_own_calls(tmp_path: Path):
    file = tokens_file(tmp_path, alice={}, bob={})
    upstream = Grafana()
    settings = {"token": SecretStr("glsa_a_1"), "stack_id": 1, "tokens_file": file, "confirm": "two_step"}
    async with listening(upstream) as grafana, serving(**settings, base_url=grafana) as address:
        seen: dict[str, str] = {}
        for name in ("alice", "bob"):
            async with calling(address, authorization=f"Bearer token of {name}") as client:
                if name == "alice":
                    await client.call_tool("delete_load_test", {"load_test_id": 7})
                seen[name] = (await client.read_resource("k6://audit")).model_dump_json()
    assert "token/alice" in seen["alice"]
    assert "alice" not in seen["bob"]


async def test_a_token_for_a_stack_that_is_not_there_reaches_nothing(tmp_path: Path):
    file = tokens_file(tmp_path, alice={"stack": "prod"})
    upstream = Grafana()
    async with listening(upstream) as grafana:
        one = {"token": SecretStr("glsa_a_1"), "stack_id": 1, "base_url": grafana, "tokens_file": file}
        two = {
            "profiles_file": profiles_file(tmp_path, staging="glsa_s_2"),
            "base_url": grafana,
            "tokens_file": file,
        }
        for settings in (one, two):
            async with (
                serving(**settings) as address,
                calling(address, authorization="Bearer token of alice") as client,
            ):
                text = text_of(await client.call_tool("list_load_tests", {}))
                with pytest.raises(MCPError, match="no stack"):
                    await client.read_resource("k6://load_tests/7/script")
            assert "no stack of this server" in text
    assert upstream.calls == []


async def test_a_broken_file_is_told_to_whoever_asks_for_readiness_without_a_token(tmp_path: Path):
    file = tokens_file(tmp_path, alice={})
    profiles = profiles_file(tmp_path, prod="glsa_p_1")
    async with (
        serving(tokens_file=file, profiles_file=profiles) as address,
        httpx.AsyncClient(base_url=address) as http,
    ):
        assert (await http.get("/readyz")).text == "ready"
        file.write_text("[tokens")
        (tmp_path / "prod.token").unlink()
        answer = await http.get("/readyz")
    assert answer.status_code == 200
    assert "K6_MCP_TOKENS_FILE: broken" in answer.text
    assert "K6_MCP_PROFILES_FILE: broken" in answer.text
    assert str(tmp_path) not in answer.text
