"""Starts through a network that loses requests and answers: every intent starts its test once, and only once."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from random import Random, SystemRandom
from typing import Any, Literal

import anyio
import httpx
import pytest
from anyio.abc import TaskGroup
from mcp import Client
from mcp_types import CallToolResult
from support.servers import World

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.models import Json
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import Retries
from k6_cloud.scripts.endpoints import Endpoint
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger, StartsHere
from k6_cloud_mcp_tools.toolsets import TOOLS
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.engine.run_network import RunNetwork
from k6_cloud_sandbox.sandbox import Sandbox, open_sandbox
from k6_cloud_sandbox.seeds.seeding import seed
from k6_cloud_sandbox.settings import STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store

SEED = int(os.environ.get("CHAOS_SEED", SystemRandom().randrange(1_000_000)))
INTENTS = 18
KILLED_INTENTS = 6
# A server is made for every call there: one with this tool alone is made sooner.
STARTING = [tool for tool in TOOLS if tool.name == "start_load_test"]
MOST_CALLS = 80
# Of a policy's starts: nothing tells the server that the model did not get its answer.
LOST_ANSWERS = 0.4
Mode = Literal["auto", "legacy"]
Send = Callable[[httpx.Request], Awaitable[httpx.Response]]
Call = Callable[[Json], Awaitable[CallToolResult | None]]
ALLOWED = Policy(confirm="policy", allow=frozenset({"start_load_test"}))
DECIDERS: dict[str, dict[str, Any]] = {
    "person": {"answer": {"decision": "go ahead"}},
    "token": {},
    "policy": {"policy": ALLOWED},
}


@dataclass
class Storm:
    """What happens to requests. Starts fail more often than not; what hangs is given up by the model."""

    random: Random
    service: Send
    background: TaskGroup
    late: bool = True
    starts: int = 0
    given_up: list[anyio.CancelScope] = field(default_factory=list[anyio.CancelScope])

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        start = request.url.path.endswith("/start")
        self.starts += start
        fates = [self._loses_it, self._loses_the_answer, self._fails, self._fails_after_acting]
        if start:
            fates += [self._hangs_before, self._hangs_after]
            fates += [self._delivers_late] if self.late else []
        if self.random.random() < (0.7 if start else 0.08):
            return await self.random.choice(fates)(request)
        return await self.service(request)

    async def _loses_it(self, request: httpx.Request) -> httpx.Response:
        del request
        raise self.random.choice([httpx.ConnectError("refused"), httpx.WriteError("broken pipe")])

    async def _loses_the_answer(self, request: httpx.Request) -> httpx.Response:
        await self.service(request)
        lost = [httpx.ReadTimeout("timed out"), httpx.ReadError("reset"), httpx.RemoteProtocolError("closed")]
        raise self.random.choice(lost)

    async def _fails(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.random.choice([500, 503, 429]), request=request)

    async def _fails_after_acting(self, request: httpx.Request) -> httpx.Response:
        await self.service(request)
        return httpx.Response(self.random.choice([500, 502, 503]), request=request)

    async def _delivers_late(self, request: httpx.Request) -> httpx.Response:
        async def deliver() -> None:
            await anyio.sleep(self.random.uniform(0.001, 0.08))
            await self.service(request)

        self.background.start_soon(deliver)
        raise httpx.ReadTimeout("timed out")

    async def _hangs_before(self, request: httpx.Request) -> httpx.Response:
        await self._hang()
        return await self.service(request)

    async def _hangs_after(self, request: httpx.Request) -> httpx.Response:
        answer = await self.service(request)
        await self._hang()
        return answer

    async def _hang(self) -> None:
        # With two calls under way it could be the other one that is given up, and with it the news of a run.
        if len(self.given_up) == 1:
            self.given_up[0].cancel()
            # Until the server hears of it: an answer that came before could be one that nobody reads.
            await anyio.sleep(10)
        await anyio.sleep(0.02)


async def options(script: Script) -> ScriptOptions:
    """What k6 would read in the scripts here."""
    del script
    return ScriptOptions({"vus": 1, "duration": "1m"}, by_k6=True)


@asynccontextmanager
async def running_nothing() -> AsyncGenerator[Sandbox, None]:
    """A sandbox without k6: a run ends as soon as the engine takes it."""
    async with open_sandbox(SandboxSettings(dir=":memory:", k6_path="/nowhere/k6")) as sandbox:
        yield sandbox


@asynccontextmanager
async def never_ending() -> AsyncGenerator[Sandbox, None]:
    """A sandbox without an engine: no run ends."""
    settings, store = SandboxSettings(dir=":memory:"), seed(Store(None))
    try:
        backend = Backend(store, settings, "http://127.0.0.1:1", lambda: None)
        yield Sandbox(create_app(backend), backend.base_url, None, RunNetwork(Endpoint("127.0.0.1", 1)))
    finally:
        store.close()


@asynccontextmanager
async def stormy(sandbox: Sandbox, random: Random) -> AsyncGenerator[tuple[World, Storm], None]:
    """A world behind a storm; what is still on its way at the end arrives."""
    service = httpx.ASGITransport(sandbox.app, raise_app_exceptions=False)
    credentials = Credentials(sandbox.token, STACK_ID)
    async with anyio.create_task_group() as background, sandbox.http() as calm:
        storm = Storm(random, service.handle_async_request, background)
        async with connect(credentials, sandbox.base_url, httpx.MockTransport(storm)) as http:
            k6 = K6Cloud(http, retries=Retries(attempts=3, wait=0.001, wait_max=0.002))
            app = App(k6, sandbox=True, inspect_script=options, poll_seconds=0.01)
            yield World(sandbox, K6Cloud(calm), app), storm


@dataclass
class Model:
    """Wants a test started, and calls until it is told that it is: as an agent would, not always cleverly.

    `loses` is how often an answer that the server sent, be it the good news, does not arrive at the model.
    """

    connect: Callable[[], AbstractAsyncContextManager[Client]]
    storm: Storm
    random: Random
    loses: float = 0.0

    async def start(self, test: int) -> int:
        """The run it was told of."""
        token: str | None = None
        for _ in range(MOST_CALLS):
            results = await self._call(test, token)
            for result in results:
                if result is None or result.is_error or result.structured_content is None:
                    # It keeps its token, or thinks that a new preview may help.
                    token = token if self.random.random() < 0.5 else None
                elif result.structured_content["status"] == "done":
                    if self.random.random() >= self.loses:
                        return result.structured_content["result"]["test_run_id"]
                else:
                    token = result.structured_content["confirmation_token"]
        raise AssertionError(f"nobody ever said that test {test} was started")

    async def _call(self, test: int, token: str | None) -> list[CallToolResult | None]:
        """Call once, or twice at the same time."""
        arguments = {"load_test_id": test} | ({"confirmation_token": token} if token else {})
        results: list[CallToolResult | None] = []

        async with self.connect() as client:

            async def call() -> None:
                results.append(await self._until_it_hangs(client, arguments))

            async with anyio.create_task_group() as tasks:
                # Only a token says that two calls are one intent; a person and a policy allow as many as are made.
                for _ in range(2 if token and self.random.random() < 0.3 else 1):
                    tasks.start_soon(call)
        return results

    async def _until_it_hangs(self, client: Client, arguments: Json) -> CallToolResult | None:
        with anyio.CancelScope() as scope:
            self.storm.given_up.append(scope)
            try:
                return await client.call_tool("start_load_test", arguments)
            finally:
                self.storm.given_up.remove(scope)
        return None


async def ended(world: World, run: int) -> None:
    while not (await world.k6.test_runs.get(run)).is_final:
        await anyio.sleep(0.005)


def runs_in(sandbox: Sandbox, test: int) -> list[int]:
    """The runs of a test in the sandbox's own store."""
    backend: Backend = sandbox.app.state.backend
    return [run.id for run in backend.store.runs.list(Slice(top=1000), test).items]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("decider", DECIDERS)
@pytest.mark.parametrize("opened", [running_nothing, never_ending], ids=["runs end", "runs do not end"])
async def test_every_intent_starts_one_run_whatever_is_lost(
    mode: Mode, decider: str, opened: Callable[[], Any]
):
    random = Random(f"{SEED} {mode} {decider} {opened.__name__}")
    expected: dict[int, list[int]] = {}
    async with opened() as sandbox, stormy(sandbox, random) as (world, storm):
        async with world.connect(mode=mode, **DECIDERS[decider]) as client:
            loses = LOST_ANSWERS if decider == "policy" else 0.0
            model = Model(partial(nullcontext, client), storm, random, loses)
            test = 0
            for intent in range(INTENTS):
                # Nobody is asked by policy: while a run goes on, the same call counts as the same intent.
                if intent % 6 == 0 or (decider == "policy" and opened is never_ending):
                    test = await world.new_test(f"Test {intent}")
                run = await model.start(test)
                expected.setdefault(test, []).append(run)
                if decider == "policy" and opened is running_nothing:
                    await ended(world, run)
                    # Who reads of the run knows of it: what it calls next is another intent.
                    await client.call_tool("get_test_run", {"test_run_id": run})
        # What was delivered late arrives before it is counted.
        await anyio.sleep(0.1)
        counted = {test: runs_in(sandbox, test) for test in expected}
    assert counted == expected, f"CHAOS_SEED={SEED}"
    assert storm.starts > INTENTS


@pytest.mark.parametrize("decider", DECIDERS)
@pytest.mark.parametrize("opened", [running_nothing, never_ending], ids=["runs end", "runs do not end"])
async def test_it_holds_for_a_server_that_is_killed_after_every_call(decider: str, opened: Callable[[], Any]):
    random = Random(f"{SEED} killed {decider} {opened.__name__}")
    # What it wrote down outlasts it; what it had not written when its call was given up is lost with it.
    disk = StartsHere()
    expected: dict[int, list[int]] = {}
    async with opened() as sandbox, stormy(sandbox, random) as (world, storm):
        storm.late = False

        def reborn() -> AbstractAsyncContextManager[Client]:
            connection: dict[str, Any] = {"ledger": StartLedger(disk), "tools": STARTING}
            return world.connect(**DECIDERS[decider], **connection)

        model = Model(reborn, storm, random, LOST_ANSWERS if decider == "policy" else 0.0)
        for intent in range(KILLED_INTENTS):
            test = await world.new_test(f"Test {intent}")
            starts = 1 if decider == "policy" else 2
            expected[test] = [await model.start(test) for _ in range(starts)]
        counted = {test: runs_in(sandbox, test) for test in expected}
    assert counted == expected, f"CHAOS_SEED={SEED}"
    assert storm.starts > KILLED_INTENTS
