"""The figures that a real server tells after some calls."""

import re

import httpx
from mcp import Client
from pydantic import SecretStr
from support.loopback import listening
from support.replicas import client_of, cloud, open_upstream

from k6_cloud_mcp.transports import http_app


async def test_the_figures_tell_of_calls_requests_and_decisions_but_of_no_caller():
    async with open_upstream() as upstream:
        app = http_app(cloud(upstream.address), "127.0.0.1")
        async with listening(app, "on") as address:
            async with client_of(address) as client:
                await client.call_tool("list_load_tests", {})
                await client.call_tool("get_load_test", {"load_test_id": 424242})
                await client.call_tool("delete_load_test", {"load_test_id": 1})
                await client.call_tool("a_made_up_name", {})
            async with httpx.AsyncClient(base_url=address) as http:
                page = (await http.get("/metrics")).text
    for line in (
        'k6_mcp_calls_total{outcome="ok",tool="list_load_tests"} 1.0',
        'k6_mcp_calls_total{outcome="error",tool="get_load_test"} 1.0',
        'k6_mcp_calls_total{outcome="question",tool="delete_load_test"} 1.0',
        'k6_mcp_calls_total{outcome="ok",tool="delete_load_test"} 1.0',
        'k6_mcp_calls_total{outcome="error",tool="unknown"} 1.0',
        'k6_mcp_upstream_requests_total{method="DELETE",status="204"} 1.0',
        'k6_mcp_guard_decisions_total{decided_by="person",stage="done"} 1.0',
        'k6_mcp_call_duration_seconds_count{tool="list_load_tests"} 1.0',
        "k6_mcp_in_flight 0.0",
    ):
        assert line in page, line
    labels = {*re.findall(r"[{,](\w+)=", page)}
    assert labels == {"tool", "outcome", "method", "status", "stage", "decided_by", "le"}
    assert "424242" not in page


async def test_an_api_that_cannot_be_reached_is_counted_as_no_answer():
    app = http_app(cloud("http://127.0.0.1:9"), "127.0.0.1")
    async with listening(app, "on") as address, Client(f"{address}/mcp") as client:
        await client.call_tool("update_load_test", {"load_test_id": 1, "name": "New"})
        async with httpx.AsyncClient(base_url=address) as http:
            page = (await http.get("/metrics")).text
    assert re.search(r'k6_mcp_upstream_requests_total\{method="\w+",status="no_answer"\}', page)


async def test_who_has_no_token_sees_no_figures_where_tokens_are_wanted():
    app = http_app(cloud("http://127.0.0.1:9", http_token=SecretStr("open sesame")), "127.0.0.1")
    async with listening(app, "on") as address, httpx.AsyncClient(base_url=address) as http:
        without = await http.get("/metrics")
        with_token = await http.get("/metrics", headers={"Authorization": "Bearer open sesame"})
        probe = await http.get("/readyz")
    assert [without.status_code, with_token.status_code, probe.status_code] == [401, 200, 200]
