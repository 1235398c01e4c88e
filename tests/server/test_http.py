"""The HTTP transport, by a real server on loopback."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitResult, ResourceTemplateReference
from pydantic import SecretStr
from support.authenticated_server import ACCEPT, INITIALIZE, Mode
from support.loopback import listening
from support.servers import SCRIPT, content_of, text_of

from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.transports import http_app


@asynccontextmanager
async def serving(**settings: Any) -> AsyncGenerator[str, None]:
    app = http_app(Settings(backend="sandbox", **settings), "127.0.0.1", ["k6.example.com"])
    async with listening(app) as address:
        yield address


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


async def go_ahead(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    del context, params
    return ElicitResult(action="accept", content={"decision": "go ahead"})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_test_is_created_started_and_read_over_http(mode: Mode):
    async with (
        serving() as address,
        Client(f"{address}/mcp", mode=mode, elicitation_callback=go_ahead) as client,
    ):
        created = content_of(
            await client.call_tool("create_load_test", {"name": "Over HTTP", "script": SCRIPT})
        )
        started = content_of(await client.call_tool("start_load_test", {"load_test_id": created["id"]}))
        assert started["confirmed_by"] == "person"
        run_id = started["result"]["test_run_id"]
        run = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run_id}))
    assert (run["status"], run["result"]) == ("completed", "passed")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_cannot_be_asked_confirms_by_token(mode: Mode):
    async with serving() as address, Client(f"{address}/mcp", mode=mode) as client:
        offer = content_of(await client.call_tool("delete_load_test", {"load_test_id": 1}))
        assert offer["status"] == "confirmation_required"
        arguments = {"load_test_id": 1, "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("delete_load_test", arguments))
    assert (done["status"], done["confirmed_by"]) == ("done", "token")


async def test_files_of_the_server_cannot_be_read_over_http():
    async with serving() as address, Client(f"{address}/mcp") as client:
        arguments = {"name": "Stolen", "script_path": "/etc/hostname.js"}
        result = await client.call_tool("create_load_test", arguments)
    assert "only when the server runs on this machine over stdio" in text_of(result)


async def test_a_foreign_host_or_origin_is_refused_and_an_allowed_one_is_not():
    async with serving() as address, httpx.AsyncClient(base_url=address, headers=ACCEPT) as http:
        foreign_host = await http.post("/mcp", json=INITIALIZE, headers={"Host": "evil.example"})
        foreign_origin = await http.post("/mcp", json=INITIALIZE, headers={"Origin": "https://evil.example"})
        allowed = await http.post("/mcp", json=INITIALIZE, headers={"Host": "k6.example.com"})
    assert [foreign_host.status_code, foreign_origin.status_code, allowed.status_code] == [421, 403, 200]


async def test_a_bearer_token_is_required_where_one_is_set_but_not_for_the_health_check():
    secret = SecretStr("open sesame")
    async with (
        serving(http_token=secret) as address,
        httpx.AsyncClient(base_url=address, headers=ACCEPT) as http,
    ):
        without = await http.post("/mcp", json=INITIALIZE)
        wrong = await http.post("/mcp", json=INITIALIZE, headers={"Authorization": "Bearer sesame"})
        right = await http.post("/mcp", json=INITIALIZE, headers={"Authorization": "Bearer open sesame"})
        health = await http.get("/healthz")
    assert [without.status_code, wrong.status_code, right.status_code] == [401, 401, 200]
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert (health.status_code, health.text) == (200, "ok")


def test_listening_on_the_network_without_a_token_is_refused():
    with pytest.raises(SettingsError, match="K6_MCP_HTTP_TOKEN"):
        http_app(Settings(backend="sandbox"), "0.0.0.0")


def rules(headers: dict[str, str]) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers)


async def test_headers_of_a_request_limit_it_to_projects_and_ceilings():
    async with serving() as address:
        url = f"{address}/mcp"
        async with Client(url) as client:
            created = content_of(await client.call_tool("create_load_test", {"name": "A", "script": SCRIPT}))
        headers = {"X-K6-MCP-Max-VUs": "1"}
        async with rules(headers) as http, Client(streamable_http_client(url, http_client=http)) as client:
            refused = await client.call_tool("start_load_test", {"load_test_id": created["id"]})
        assert "it takes 2 VUs, and K6_MCP_MAX_VUS is 1" in text_of(refused)
        headers = {"X-K6-MCP-Projects": "999"}
        async with rules(headers) as http, Client(streamable_http_client(url, http_client=http)) as client:
            listed = content_of(await client.call_tool("list_load_tests", {}))
            read = await client.call_tool("get_load_test", {"load_test_id": created["id"]})
            resources = (await client.list_resources()).resources
            scripts = [one.uri for one in resources if one.uri.endswith("/script")]
            template = ResourceTemplateReference(uri="k6://load_tests/{id}/script")
            completed = await client.complete(template, {"name": "id", "value": "A"})
        assert (listed["rows"], scripts, completed.completion.values) == ([], [], [])
        assert "K6_MCP_PROJECTS" in text_of(read)


async def test_the_audit_under_a_project_scope_tells_of_no_other_project(tmp_path: Path):
    async with serving(state_dir=tmp_path) as address:
        url, deleted = f"{address}/mcp", dict[str, tuple[int, int]]()
        async with Client(url) as client:
            for name in ("Ours", "Theirs"):
                project = content_of(await client.call_tool("create_project", {"name": name}))["id"]
                arguments = {"name": name, "script": SCRIPT, "project_id": project}
                test = content_of(await client.call_tool("create_load_test", arguments))["id"]
                await client.call_tool("delete_load_test", {"load_test_id": test})
                deleted[name] = (project, test)
            whole = (await client.read_resource("k6://audit")).model_dump_json()
        seen: dict[str, str] = {}
        for name, (project, _) in deleted.items():
            async with (
                rules({"X-K6-MCP-Projects": str(project)}) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                # Out of reach: the attempt itself is about the other project.
                other = next(test for _, test in deleted.values() if test != deleted[name][1])
                await client.call_tool("delete_load_test", {"load_test_id": other})
                seen[name] = (await client.read_resource("k6://audit")).model_dump_json()
    for name, (_, test) in deleted.items():
        own = rf"load_test_id\W+{test}\b"
        assert re.search(own, whole)
        assert re.search(own, seen[name])
        assert not any(re.search(own, told) for other, told in seen.items() if other != name)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-K6-MCP-Confirm": "two_step"}, "may only be ask"),
        ({"X-K6-MCP-Max-VUs": "many"}, "max_vus"),
        ({"X-K6-MCP-Max-Vu": "3"}, "max_vu"),
        ({"X-K6-MCP-Projects": ""}, "projects"),
    ],
    ids=["loosens", "no number", "misspelt", "empty"],
)
async def test_a_rule_that_cannot_be_read_refuses_the_request_because_ignoring_it_would_loosen(
    headers: dict[str, str], words: str
):
    async with serving() as address, httpx.AsyncClient() as http:
        answer = await http.post(f"{address}/mcp", json=INITIALIZE, headers=ACCEPT | headers)
    assert answer.status_code == 400
    assert words in answer.json()["error_description"]


async def test_a_rule_sent_twice_refuses_the_request():
    async with serving() as address, httpx.AsyncClient() as http:
        twice = [*ACCEPT.items(), ("X-K6-MCP-Projects", "1"), ("X-K6-MCP-Projects", "2")]
        answer = await http.post(f"{address}/mcp", json=INITIALIZE, headers=twice)
    assert answer.status_code == 400
    assert "sent twice" in answer.json()["error_description"]
