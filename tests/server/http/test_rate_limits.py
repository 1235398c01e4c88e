"""Calls beyond a limit, by real clients of a server whose API is slow."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from pydantic import SecretStr
from support.authenticated_server import tokens_file
from support.loopback import listening
from support.replicas import Upstream, cloud, open_upstream, replica, running
from support.servers import content_of

from k6_cloud_mcp.transports import http_app

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def served(**settings: Any) -> AsyncGenerator[tuple[str, Upstream], None]:
    async with open_upstream() as upstream:
        app = http_app(cloud(upstream.address, **settings), "127.0.0.1")
        async with listening(app, "on") as address:
            yield address, upstream


async def list_tests(address: str, outcomes: list[Any]) -> None:
    async with Client(f"{address}/mcp") as client:
        outcomes.append(content_of(await client.call_tool("list_load_tests", {}))["total"])


async def post(address: str, times: int, body: bytes | None = None) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=address, headers=ACCEPT) as http:
        if body is not None:
            return [await http.post("/mcp", content=body)]
        return [await http.post("/mcp", json=PING) for _ in range(times)]


async def test_calls_beyond_the_limit_of_a_caller_are_told_when_to_come_back_and_the_others_go_on():
    async with served(max_calls=4) as (address, upstream), Client(f"{address}/mcp") as client:
        upstream.delay = 1.5
        outcomes: list[Any] = []
        refused: list[httpx.Response] = []
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(list_with, client, outcomes)
            await anyio.sleep(0.5)
            refused += await post(address, 1)
        upstream.delay = 0
        await list_with(client, outcomes)
    assert (refused[0].status_code, refused[0].headers["Retry-After"]) == (429, "1")
    assert refused[0].json()["error"] == {
        "code": -32029,
        "message": "This caller has 4 calls at work, which is the limit. Nothing was called. Try again in 1 s.",
        "data": {"reason": "caller_busy", "retry_after_seconds": 1},
    }
    assert outcomes == [3] * 5


async def test_a_client_of_the_sdk_gets_the_refusal_in_words():
    async with served(max_calls_per_minute=4) as (address, _), Client(f"{address}/mcp") as client:
        with pytest.raises(
            MCPError, match=r"4 calls within a minute.*Nothing was called\. Try again in \d+ s"
        ):
            await list_often(client)


async def list_with(client: Client, outcomes: list[Any]) -> None:
    outcomes.append(content_of(await client.call_tool("list_load_tests", {}))["total"])


async def list_often(client: Client) -> None:
    for _ in range(6):
        await client.call_tool("list_load_tests", {})


async def test_the_rate_of_one_caller_is_told_with_the_time_after_which_it_may_go_on():
    async with served(max_calls_per_minute=3) as (address, _):
        mine = await post(address, 4)
    assert [one.status_code == 429 for one in mine] == [False, False, False, True]
    assert 1 <= int(mine[3].headers["Retry-After"]) <= 60


@pytest.mark.parametrize("of_each_call", ["X-K6-Token", "X-K6-Stack-Id", "X-K6-MCP-Max-VUs", "X-Request-ID"])
@pytest.mark.parametrize("token", [None, "open sesame"])
async def test_nothing_that_a_caller_may_choose_makes_it_another_one(of_each_call: str, token: str | None):
    secret = SecretStr(token) if token else None
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    own = {"X-K6-Token": "glsa_x", "X-K6-Stack-Id": "1"}
    async with (
        served(max_calls_per_minute=3, caller_credentials="headers", http_token=secret) as (address, _),
        httpx.AsyncClient(base_url=address, headers=ACCEPT | bearer | own) as http,
    ):
        answers = [
            await http.post("/mcp", json=PING, headers={of_each_call: f"{number}"}) for number in range(1, 6)
        ]
    assert [one.status_code == 429 for one in answers] == [False] * 3 + [True] * 2


async def test_callers_with_other_tokens_have_limits_of_their_own(tmp_path: Path):
    async with (
        served(max_calls_per_minute=1, tokens_file=tokens_file(tmp_path, a={}, b={})) as (address, _),
        httpx.AsyncClient(base_url=address, headers=ACCEPT) as http,
    ):
        answers = [
            await http.post("/mcp", json=PING, headers={"Authorization": f"Bearer token of {name}"})
            for name in ("a", "b", "a")
        ]
    assert [one.status_code == 429 for one in answers] == [False, False, True]


async def test_an_address_that_no_proxy_of_ours_vouches_for_is_not_believed(tmp_path: Path):
    async with open_upstream() as upstream:
        limit = {"K6_MCP_MAX_CALLS_PER_MINUTE": "2"}
        plain = replica(upstream.address, tmp_path / "plain", **limit)
        behind = replica(upstream.address, tmp_path / "behind", FORWARDED_ALLOW_IPS="127.0.0.1", **limit)
        async with running(plain, behind):
            limited = [await statuses_from_many_addresses(one.address) for one in (plain, behind)]
    assert limited == [[False, False, True, True], [False] * 4]


async def statuses_from_many_addresses(address: str) -> list[bool]:
    async with httpx.AsyncClient(base_url=address, headers=ACCEPT) as http:
        answers = [
            await http.post("/mcp", json=PING, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(4)
        ]
    return [one.status_code == 429 for one in answers]


async def test_the_server_stays_responsive_while_its_api_is_stuck():
    async with served(max_calls_in_all=8) as (address, upstream):
        upstream.delay = 3
        outcomes: list[Any] = []
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(list_tests, address, outcomes)
            await anyio.sleep(1)
            with anyio.fail_after(1):
                busy = (await post(address, 1))[0]
                assert (busy.status_code, busy.json()["error"]["data"]["reason"]) == (429, "server_busy")
                async with httpx.AsyncClient(base_url=address) as http:
                    assert (await http.get("/readyz")).status_code == 200
                    page = (await http.get("/metrics")).text
                assert "k6_mcp_in_flight 8.0" in page
                assert 'k6_mcp_rejected_total{reason="server_busy"} 1.0' in page
    assert outcomes == [3] * 8


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read():
    async with served(max_body_mib=1) as (address, _):
        refused = await post(address, 1, b" " * (1 << 20) + b"{}")
    assert refused[0].status_code == 413
