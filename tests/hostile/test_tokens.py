"""Confirmation tokens in hands that misuse them: nothing happens that was not previewed, and nothing twice."""

from collections.abc import Generator
from time import time
from typing import Any

import anyio
import pytest
from hostile.clients import ERAS, UNABLE, Caller, Era
from hostile.ground import ACTS, Ground, Target, changed, open_ground
from hostile.principals import acting_as
from hostile.serving import connected, serving
from mcp_types import CallToolResult
from support.servers import content_of, text_of

from k6_cloud.models import PatchLoadTest
from k6_cloud_mcp_tools.guard.confirmations import Confirmations, SpentHere

KEY = b"k" * 32
pytestmark = pytest.mark.parametrize("era", ERAS)


class Clock:
    def __init__(self) -> None:
        self.time = time()

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def ground() -> Generator[Ground, None, None]:
    with open_ground() as opened:
        yield opened


async def offer(caller: Caller, act: str, target: Target) -> dict[str, Any]:
    """Arguments for an act, with the token for it."""
    arguments = ACTS[act].arguments(target)
    offered = content_of(await caller.call(act, arguments))
    return arguments | {"confirmation_token": offered["confirmation_token"]}


def was_done_now(result: CallToolResult) -> bool:
    """Whether this call did it, and not an earlier one."""
    return not result.is_error and content_of(result)["confirmed_by"] == "token"


@pytest.mark.parametrize("act", ACTS)
async def test_a_token_is_worth_nothing_for_another_target(ground: Ground, era: Era, act: str):
    one, other = ground.target(), ground.target()
    before = ground.state(other)
    async with connected(serving(ground), UNABLE, era) as caller:
        call = await offer(caller, act, one)
        result = await caller.call(act, call | ACTS[act].arguments(other))
    assert "issued for another operation, other arguments or another caller" in text_of(result)
    assert (ground.state(other), ground.sent) == (before, [])


async def test_a_token_is_worth_nothing_for_another_operation(ground: Ground, era: Era):
    target = ground.target()
    async with connected(serving(ground), UNABLE, era) as caller:
        call = await offer(caller, "start_load_test", target)
        result = await caller.call("delete_load_test", call)
    assert "does not fit" in text_of(result)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_a_token_is_worth_nothing_after_a_rename(ground: Ground, era: Era, act: str):
    target = ground.target()
    async with connected(serving(ground), UNABLE, era) as caller:
        call = await offer(caller, act, target)
        ground.store.load_tests.update(target.test, PatchLoadTest(name="Renamed meanwhile"))
        result = await caller.call(act, call)
        ground.store.load_tests.update(target.test, PatchLoadTest(name="Checkout 1"))
        again = await caller.call(act, call)
    assert "has changed since the preview" in text_of(result)
    assert "already used" in text_of(again)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_a_token_is_worth_nothing_after_ten_minutes(ground: Ground, era: Era, act: str):
    target, clock = ground.target(), Clock()
    async with connected(serving(ground, confirmations=Confirmations(KEY, clock)), UNABLE, era) as caller:
        call = await offer(caller, act, target)
        clock.time += 601
        result = await caller.call(act, call)
    assert "has expired (10 minutes)" in text_of(result)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_a_token_is_worth_nothing_to_another_caller(ground: Ground, era: Era, act: str):
    target, server = ground.target(), serving(ground, confirmations=Confirmations(KEY))
    with acting_as("ann"):
        async with connected(server, UNABLE, era) as caller:
            call = await offer(caller, act, target)
    with acting_as("bob"):
        async with connected(server, UNABLE, era) as caller:
            stolen = await caller.call(act, call)
    assert "another caller" in text_of(stolen)
    assert ground.sent == []
    with acting_as("ann"):
        async with connected(server, UNABLE, era) as caller:
            assert was_done_now(await caller.call(act, call))


@pytest.mark.parametrize("act", ACTS)
async def test_a_token_spent_twice_at_once_does_it_once(ground: Ground, era: Era, act: str):
    target = ground.target()
    before, results = ground.state(target), list[CallToolResult]()
    async with connected(serving(ground), UNABLE, era) as caller:
        call = await offer(caller, act, target)

        async def spend() -> None:
            results.append(await caller.call(act, call))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(spend)
    assert [was_done_now(result) for result in results].count(True) == 1
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("is_shared", [True, False], ids=["shared memory", "own memory"])
async def test_a_token_serves_once_on_workers_with_one_key(
    ground: Ground, era: Era, act: str, is_shared: bool
):
    target, spent = ground.target(), SpentHere()
    before = ground.state(target)
    workers = [
        serving(ground, confirmations=Confirmations(KEY, spent=spent if is_shared else None)) for _ in "ab"
    ]
    async with connected(workers[0], UNABLE, era) as first, connected(workers[1], UNABLE, era) as second:
        call = await offer(first, act, target)
        done = await second.call(act, call)
        again = [await first.call(act, call), await second.call(act, call)]
    assert [was_done_now(result) for result in (done, *again)] == [True, False, False]
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


async def test_a_token_used_on_another_worker_does_not_serve_again_when_things_changed_back(
    ground: Ground, era: Era
):
    target, spent = ground.target(), SpentHere()
    workers = [serving(ground, confirmations=Confirmations(KEY, spent=spent)) for _ in "ab"]
    async with connected(workers[0], UNABLE, era) as first, connected(workers[1], UNABLE, era) as second:
        call = await offer(first, "move_load_test", target)
        assert was_done_now(await second.call("move_load_test", call))
        ground.store.load_tests.move(target.test, 1)
        again = await first.call("move_load_test", call)
    assert "already used" in text_of(again)
    assert ground.state(target)["project"] == 1


async def test_a_token_of_a_server_with_another_key_is_worth_nothing(ground: Ground, era: Era):
    target = ground.target()
    async with (
        connected(serving(ground), UNABLE, era) as here,
        connected(serving(ground), UNABLE, era) as there,
    ):
        call = await offer(there, "start_load_test", target)
        result = await here.call("start_load_test", call)
    assert "does not fit" in text_of(result)
    assert ground.sent == []


async def test_a_token_that_was_tampered_with_is_worth_nothing(ground: Ground, era: Era):
    target = ground.target()
    async with connected(serving(ground), UNABLE, era) as caller:
        call = await offer(caller, "start_load_test", target)
        token = call["confirmation_token"]
        forged = [
            *(
                token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :]
                for at in range(0, len(token), 5)
            ),
            *(token[:length] for length in (1, 4, 16, len(token) - 1)),
            token + "AAAA",
            "é" * len(token),
            " ",
        ]
        results = [await caller.call("start_load_test", call | {"confirmation_token": one}) for one in forged]
        assert all(result.is_error for result in results)
    assert ground.sent == []
