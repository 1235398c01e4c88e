"""Request ids, and the JSON log of a real process."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.authenticated_server import serving
from support.replicas import open_upstream, replica, running

CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_load_tests", "arguments": {}},
}


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


ACCEPT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


async def test_a_call_is_logged_as_json_under_the_id_that_the_proxy_gave(tmp_path: Path):
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path / "state", K6_MCP_LOG_FORMAT="json")
        async with running(one), httpx.AsyncClient(base_url=one.address, headers=ACCEPT) as http:
            answer = await http.post("/mcp", json=CALL, headers={"X-Request-ID": "from-the-proxy-1"})
    lines = [json.loads(line) for line in one.log.read_text().splitlines()]
    call = next(line for line in lines if line["logger"] == "k6_cloud_mcp.telemetry.tool_calls")
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (200, "from-the-proxy-1")
    assert (call["level"], call["request_id"]) == ("INFO", "from-the-proxy-1")
    assert call["message"].startswith("list_load_tests: ok in ")


@pytest.mark.parametrize("given", ["", "x" * 200, "two words", 'quo"te'])
async def test_an_id_that_could_upset_a_log_is_replaced(given: str):
    async with serving(backend="sandbox") as address, httpx.AsyncClient() as http:
        answer = await http.get(f"{address}/healthz", headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 32
