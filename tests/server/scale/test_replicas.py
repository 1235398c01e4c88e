"""Three replicas behind HAProxy: confirmations hop between them, and restarts and crashes lose nothing."""

import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult
from support.replicas import HAPROXY, Replica, Upstream, balancing, client_of, open_upstream, replica, running
from support.servers import SCRIPT, content_of, text_of

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.scripts.script import Script
from k6_cloud_mcp.state.journal import Journal
from k6_cloud_sandbox.sandbox import STACK_ID

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="needs HAProxy: apt-get install haproxy")


@dataclass
class Fleet:
    upstream: Upstream
    address: str
    replicas: list[Replica]
    k6: K6Cloud


@dataclass
class Tally:
    """What clients saw: tests deleted, and calls that failed on the way."""

    deleted: list[int] = field(default_factory=list[int])
    calls: int = 0
    failed: int = 0


@asynccontextmanager
async def open_fleet(folder: Path) -> AsyncGenerator[Fleet, None]:
    async with (
        open_upstream() as upstream,
        connect(Credentials("any", STACK_ID), upstream.address) as http,
    ):
        replicas = [replica(upstream.address, folder) for _ in range(3)]
        async with running(*replicas):
            with balancing(*replicas) as address:
                await replicas[0].ready()
                yield Fleet(upstream, address, replicas, K6Cloud(http))


async def new_tests(k6: K6Cloud, count: int) -> list[int]:
    project = (await k6.projects.list(top=1)).value[0].id
    ids: list[int] = []
    for number in range(count):
        with Script.from_chunks([SCRIPT.encode()]) as script:
            ids.append((await k6.load_tests.create(project, f"Spare {number}", script)).id)
    return ids


async def delete_all(address: str, queue: list[int], tally: Tally) -> None:
    """Delete what is in the queue, one by one."""
    async with client_of(address) as client:
        while queue:
            test_id = queue.pop()
            tally.calls += 1
            content = content_of(await client.call_tool("delete_load_test", {"load_test_id": test_id}))
            assert content["confirmed_by"] == "person"
            tally.deleted.append(test_id)


async def delete_for_sure(address: str, queue: list[int], tally: Tally) -> None:
    """Delete what is in the queue; a call whose connection broke is made again, by a new client."""
    while queue:
        test_id, lost = queue.pop(), 0
        while (result := await attempt(address, test_id, tally)) is None:
            lost += 1
        # A lost call may have done it, and only its answer did not arrive.
        assert not result.is_error or (lost and "not found" in text_of(result).lower()), text_of(result)
        tally.deleted.append(test_id)


async def attempt(address: str, test_id: int, tally: Tally) -> CallToolResult | None:
    tally.calls += 1
    result = None
    try:
        async with client_of(address) as client:
            result = await client.call_tool("delete_load_test", {"load_test_id": test_id})
    except* (MCPError, httpx2.TransportError):
        tally.failed += 1
    # A client whose greeting was lost takes the server for an older one, which cannot ask: nothing was done.
    return None if result and "confirmation_token" in text_of(result) else result


async def gone_once_each(fleet: Fleet, tests: list[int]) -> None:
    """Each of these tests is gone, by one request alone."""
    left = {test.id for test in (await fleet.k6.load_tests.list(top=1000)).value}
    assert not left & {*tests}
    assert {*fleet.upstream.deleted.values()} == {1}


def note(line: str) -> None:
    """Say a figure of a run, for whoever runs pytest with -s."""
    sys.stdout.write(f"\n{line}\n")


@pytest.mark.timeout(240)
async def test_a_confirmation_holds_on_whichever_replica_the_answer_arrives(tmp_path: Path):
    async with open_fleet(tmp_path / "state") as fleet:
        tests, tally = await new_tests(fleet.k6, 12), Tally()
        await delete_all(fleet.address, [*tests], tally)
        await gone_once_each(fleet, tests)
    served = [one.log.read_text() for one in fleet.replicas]
    note(f"12 questions and answers over three replicas: {tally}")
    assert tally.failed == 0
    assert "delete_load_test: question" in served[0]


@pytest.mark.timeout(240)
async def test_a_rolling_restart_under_load_fails_no_call(tmp_path: Path):
    async with open_fleet(tmp_path / "state") as fleet:
        tests, tally = await new_tests(fleet.k6, 400), Tally()
        queue, waiting = [*tests], list[int]()
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(delete_all, fleet.address, queue, tally)
            for one in fleet.replicas:
                assert await one.stop() in (0, -signal.SIGTERM)
                one.start()
                await one.ready()
            waiting.extend(queue)
            queue.clear()
        done = [test for test in tests if test not in waiting]
        await gone_once_each(fleet, done)
    note(
        f"rolling restart: {tally.calls} guarded calls, {tally.failed} failed, {len(waiting)} left when it was over"
    )
    assert tally.failed == 0
    assert len(tally.deleted) == len(done)


@pytest.mark.timeout(240)
async def test_a_replica_killed_under_load_loses_nothing_and_does_nothing_twice(tmp_path: Path):
    async with open_fleet(tmp_path / "state") as fleet:
        tests, tally = await new_tests(fleet.k6, 60), Tally()
        queue = [*tests]
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(delete_for_sure, fleet.address, queue, tally)
            while len(queue) > 40:
                await anyio.sleep(0.02)
            await fleet.replicas[1].stop(signal.SIGKILL)
        await gone_once_each(fleet, tests)
    begun = [
        line for line in Journal(tmp_path / "state" / "audit.jsonl", 1 << 30).newest() if b'"begun"' in line
    ]
    note(
        f"kill -9: {tally.calls} guarded calls, {tally.failed} failed and made again, {len(begun)} in the audit"
    )
    assert sorted(tally.deleted) == sorted(tests)
    assert tally.failed <= 4
    assert len(begun) >= len(tests)
