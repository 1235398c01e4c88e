"""Probes, and the goodbye of a real process."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from support.replicas import open_upstream, replica, running
from support.servers import content_of

ACCEPT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_load_tests", "arguments": {}},
}


async def test_at_sigterm_it_says_so_first_goes_on_serving_and_lets_calls_end(tmp_path: Path):
    ended: list[int] = []
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path / "state")
        async with running(one), httpx.AsyncClient(base_url=one.address) as http:
            before = await http.get("/readyz")
            assert one.process is not None
            async with Client(f"{one.address}/mcp") as client:
                await list_tests(client, ended)
                upstream.delay = 2
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(list_tests, client, ended)
                    await anyio.sleep(0.3)
                    one.process.send_signal(signal.SIGTERM)
                    await anyio.sleep(0.3)
                    draining = await http.get("/readyz")
                    assert (draining.status_code, draining.text) == (503, "draining")
                    assert draining.headers["connection"] == "close"
                    assert (await http.get("/healthz")).status_code == 200
                await anyio.to_thread.run_sync(one.process.wait)
    assert (before.status_code, before.text) == (200, "ready")
    assert ended == [3, 3]
    assert one.process.returncode in (0, -signal.SIGTERM)


async def list_tests(client: Client, ended: list[int]) -> None:
    ended.append(content_of(await client.call_tool("list_load_tests", {}))["total"])


async def test_a_second_sigterm_ends_it_at_once_with_calls_at_work_and_time_left_to_drain(tmp_path: Path):
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path / "state", K6_MCP_DRAIN_SECONDS="600")
        async with running(one), httpx.AsyncClient(base_url=one.address, headers=ACCEPT, timeout=90) as http:
            assert one.process is not None
            upstream.delay = 60
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(fails, http)
                while "k6_mcp_in_flight 1.0" not in (await http.get("/metrics")).text:
                    await anyio.sleep(0.05)
                one.process.send_signal(signal.SIGTERM)
                while (await http.get("/readyz")).text != "draining":
                    await anyio.sleep(0.05)
                one.process.send_signal(signal.SIGTERM)
                # Far less than the call, or the time to drain, would take.
                with anyio.fail_after(30):
                    await anyio.to_thread.run_sync(one.process.wait)
    assert one.process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in one.log.read_text()


async def fails(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.TransportError):
        await http.post("/mcp", json=CALL)


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_a_sandbox_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path, transport: str):
    (tmp_path / "file").write_text("no directory")
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path / "file")}
    command = [sys.executable, "-m", "k6_cloud_mcp", "serve", "--transport", transport, "--port", "0"]
    result = subprocess.run(command, env=env, capture_output=True, text=True, input="", check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("k6-cloud-mcp: The sandbox cannot be opened:")
    assert "Traceback" not in result.stderr
    assert "Listening" not in result.stderr
