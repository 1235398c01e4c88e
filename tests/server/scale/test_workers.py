"""Several worker processes on one port."""

import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import psutil
from mcp import Client
from support.replicas import Replica, client_of, replica, running
from support.servers import content_of


@asynccontextmanager
async def workers(folder: Path, **environment: str) -> AsyncGenerator[Replica, None]:
    """Two workers over a sandbox that they share."""
    one = replica("http://127.0.0.1:9", folder, "--workers", "2", **environment)
    for name in ("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_ID", "K6_MCP_SHARED_KEY"):
        del one.environment[name]
    one.environment |= {"K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(folder / "sandbox")}
    async with running(one):
        yield one


async def test_workers_share_confirmations_and_the_sandbox_without_being_given_a_key(tmp_path: Path):
    async with workers(tmp_path / "state") as served:
        for test_id in (1, 2, 3):
            async with client_of(served.address) as client:
                result = await client.call_tool("delete_load_test", {"load_test_id": test_id})
                assert content_of(result)["confirmed_by"] == "person"
        async with Client(f"{served.address}/mcp") as client:
            assert content_of(await client.call_tool("list_load_tests", {}))["total"] == 0


async def test_metrics_are_those_of_all_workers_and_a_dead_one_is_replaced(tmp_path: Path):
    async with workers(tmp_path / "state") as served, httpx.AsyncClient(base_url=served.address) as http:
        for _ in range(6):
            async with Client(f"{served.address}/mcp") as client:
                await client.call_tool("list_load_tests", {})
        for _ in range(4):
            page = (await http.get("/metrics", headers={"Connection": "close"})).text
            assert 'k6_mcp_calls_total{outcome="ok",tool="list_load_tests"} 6.0' in page
        before = {*psutil.Process(pid_of(served)).children()}
        next(one for one in before if "spawn_main" in " ".join(one.cmdline())).kill()
        # A worker that dies while its parent asks it whether it lives is given 30 s for the answer.
        with anyio.fail_after(60):
            while not {*psutil.Process(pid_of(served)).children()} - before:
                await anyio.sleep(0.1)
        assert (await http.get("/readyz")).status_code == 200


async def test_sighup_replaces_the_workers_and_no_call_fails(tmp_path: Path):
    async with workers(tmp_path / "state") as served:
        parent = psutil.Process(pid_of(served))
        before = {one for one in parent.children() if "spawn_main" in " ".join(one.cmdline())}
        parent.send_signal(signal.SIGHUP)
        with anyio.fail_after(60):
            while before & {*parent.children()}:
                async with Client(f"{served.address}/mcp") as client:
                    content_of(await client.call_tool("list_load_tests", {}))
        async with Client(f"{served.address}/mcp") as client:
            content_of(await client.call_tool("list_load_tests", {}))


async def test_workers_end_when_their_parent_was_killed(tmp_path: Path):
    async with workers(tmp_path / "state") as served:
        parent = psutil.Process(pid_of(served))
        children = parent.children(recursive=True)
        assert len(children) >= 2
        parent.kill()
        with anyio.fail_after(30):
            while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children):
                await anyio.sleep(0.1)


def pid_of(served: Replica) -> int:
    assert served.process is not None
    return served.process.pid


def test_a_sandbox_in_memory_is_refused_because_each_worker_would_have_its_own(tmp_path: Path):
    environment = {
        "PATH": "",
        "K6_SANDBOX_DIR": ":memory:",
        "K6_MCP_BACKEND": "sandbox",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "k6_cloud_mcp", "serve", "--transport", "http", "--workers", "2"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "gives each worker a sandbox of its own" in result.stderr
