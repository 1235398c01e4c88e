"""Faults around a guarded call: nothing is lost, nothing is done twice, and the answer says what is known."""

import resource
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult
from support.faulty_connection import Break, Wire, wire_to
from support.replicas import Replica, Upstream, client_of, open_upstream, replica, running
from support.servers import content_of, text_of

from k6_cloud_mcp.state.journal import Journal
from k6_cloud_mcp_tools.guard.audit import Attempt

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@asynccontextmanager
async def behind_a_wire(
    folder: Path, **environment: str
) -> AsyncGenerator[tuple[Replica, Upstream, Wire], None]:
    async with open_upstream() as upstream, wire_to(upstream.address) as wire:
        one = replica(wire.address, folder, **environment)
        async with running(one):
            yield one, upstream, wire


async def delete(client: Client, test_id: int = 1, **arguments: str) -> CallToolResult:
    return await client.call_tool("delete_load_test", {"load_test_id": test_id, **arguments})


def stages(folder: Path) -> list[str]:
    lines = [*Journal(folder / "audit.jsonl", 1 << 30).newest()]
    return [Attempt.model_validate_json(line).stage for line in reversed(lines)]


async def is_there(upstream: Upstream, test_id: int) -> bool:
    headers = {"Authorization": "Bearer any", "X-Stack-Id": "1"}
    async with httpx.AsyncClient(base_url=upstream.address, headers=headers) as http:
        return (await http.get(f"/cloud/v6/load_tests/{test_id}")).status_code == 200


def note(line: str) -> None:
    """Say a figure of a run, for whoever runs pytest with -s."""
    sys.stdout.write(f"\n{line}\n")


@pytest.mark.parametrize("broken", ["reset", "truncated", "slow"])
async def test_a_wire_that_breaks_at_the_deletion_never_makes_it_happen_twice(broken: Break, tmp_path: Path):
    async with behind_a_wire(tmp_path) as (one, upstream, wire), client_of(one.address) as client:
        wire.broken = broken
        result = await delete(client)
        wire.broken = None
        there = await is_there(upstream, 1)
        again = await delete(client) if there else None
    told = text_of(result)
    note(
        f"{broken}: met {wire.met} times, deleted {upstream.deleted.total()} times, {stages(tmp_path)}: {told[:160]}"
    )
    assert wire.met >= 1
    assert upstream.deleted.total() == 1
    # What the caller was told first is true, or says that it is not known.
    assert result.is_error or not there
    assert again is None or not again.is_error
    assert stages(tmp_path)[-1] in ("done", "unknown", "failed")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_api_that_answers_only_with_errors_changes_nothing_and_is_told_as_such(
    status: int, tmp_path: Path
):
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path)
        async with running(one), client_of(one.address) as client:
            await client.call_tool("list_load_tests", {})
            upstream.fault = status
            failed = await delete(client)
            upstream.fault = None
            assert await is_there(upstream, 1)
            done = await delete(client)
    note(f"{status}: {text_of(failed)[:200]}")
    assert failed.is_error
    assert content_of(done)["confirmed_by"] == "person"
    assert upstream.deleted.total() == 1


async def test_on_a_full_disk_nothing_is_deleted_because_nothing_could_be_audited(tmp_path: Path):
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path)
        async with running(one), client_of(one.address) as client:
            assert not (await delete(client, 1)).is_error
            assert one.process is not None
            # As if the disk of the audit, of what was spent, of kept scripts and of the log were full.
            resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            refused = await delete(client, 2)
            read = await client.call_tool("list_load_tests", {})
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, unlimited)
            assert await is_there(upstream, 2)
            done = await delete(client, 2)
    note(f"disk full: {text_of(refused)}")
    assert refused.is_error
    assert not read.is_error
    assert content_of(done)["confirmed_by"] == "person"
    assert upstream.deleted.total() == 2


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime: apt-get install faketime")
@pytest.mark.parametrize(("jump", "holds"), [("+1h", False), ("-1h", True)])
async def test_a_clock_that_jumps_lets_no_confirmation_hold_longer_or_serve_twice(
    jump: str, holds: bool, tmp_path: Path
):
    clock = tmp_path / "clock"
    clock.write_text("+0")
    variables = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    async with open_upstream() as upstream:
        one = replica(upstream.address, tmp_path / "state", **variables)
        async with running(one), Client(f"{one.address}/mcp") as client:
            token = content_of(await delete(client))["confirmation_token"]
            clock.write_text(jump)
            await anyio.sleep(0.1)
            first = await delete(client, confirmation_token=token)
            clock.write_text("+0")
            second = await delete(client, confirmation_token=token)
    note(f"clock {jump}: {text_of(first)[:120]}")
    assert first.is_error is not holds
    assert upstream.deleted.total() == 1
    assert second.is_error is holds
