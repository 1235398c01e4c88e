"""Probes, and the goodbye of a real process."""

import signal
from pathlib import Path

import anyio
import httpx
from mcp import Client
from support.replicas import open_upstream, replica, running
from support.servers import content_of


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
