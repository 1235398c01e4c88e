"""Answers of 2026-07-28 in hands that misuse them: the sealed state is tampered with, moved, and sent again."""

import json
from collections.abc import Callable, Generator
from time import time
from typing import Any

import anyio
import pytest
from hostile.clients import MODERN, POLITE, Caller
from hostile.ground import ACTS, Ground, Target, changed, open_ground
from hostile.principals import acting_as
from hostile.serving import connected, serving
from mcp import MCPError
from mcp_types import CallToolResult, InputRequiredResult
from support.servers import content_of, text_of

from k6_cloud.models import PatchLoadTest
from k6_cloud_mcp.messages.request_state import OneTimeCodec
from k6_cloud_mcp_tools.guard.confirmations import Confirmations, SpentHere

KEY = b"k" * 32
INVALID = "Invalid or expired requestState"


@pytest.fixture
def ground() -> Generator[Ground, None, None]:
    with open_ground() as opened:
        yield opened


class Answered:
    """An act that was asked for, and agreed to; the answer is not sent yet."""

    def __init__(self, act: str, arguments: dict[str, Any], answers: dict[str, Any], state: str) -> None:
        self.act = act
        self.arguments = arguments
        self.answers = answers
        self.state = state

    @classmethod
    async def of(cls, caller: Caller, act: str, target: Target) -> "Answered":
        arguments = ACTS[act].arguments(target)
        question = await caller.round(act, arguments)
        assert isinstance(question, InputRequiredResult)
        assert question.request_state
        return cls(act, arguments, await caller.answers(question), question.request_state)

    async def send(self, caller: Caller, **instead: Any) -> CallToolResult | InputRequiredResult:
        """Send the answer; keywords are sent instead of what belongs to it."""
        sent: dict[str, Any] = {
            "tool": self.act,
            "arguments": self.arguments,
            "answers": self.answers,
            "state": self.state,
        }
        return await caller.round(**(sent | instead))


def was_done_now(result: CallToolResult | InputRequiredResult) -> bool:
    return (
        isinstance(result, CallToolResult)
        and not result.is_error
        and content_of(result)["confirmed_by"] == "person"
    )


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_is_worth_nothing_with_other_arguments(ground: Ground, act: str):
    one, other = ground.target(), ground.target()
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, one)
        with pytest.raises(MCPError, match=INVALID):
            await answered.send(caller, arguments=ACTS[act].arguments(other))
    assert ground.sent == []


async def test_an_answer_is_worth_nothing_for_another_operation(ground: Ground):
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, "start_load_test", ground.target())
        with pytest.raises(MCPError, match=INVALID):
            await answered.send(caller, tool="delete_load_test")
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_without_its_state_is_no_answer(ground: Ground, act: str):
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, ground.target())
        result = await answered.send(caller, state=None)
    assert isinstance(result, InputRequiredResult)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_a_state_without_an_answer_asks_again(ground: Ground, act: str):
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, ground.target())
        result = await answered.send(caller, answers=None)
    assert isinstance(result, InputRequiredResult)
    assert ground.sent == []


async def test_an_answer_under_another_question_s_name_is_no_answer(ground: Ground):
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, "start_load_test", ground.target())
        result = await answered.send(caller, answers={"other": next(iter(answered.answers.values()))})
    assert isinstance(result, InputRequiredResult)
    assert ground.sent == []


async def test_a_state_that_was_tampered_with_is_refused(ground: Ground):
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, "start_load_test", ground.target())
        state = answered.state
        forged = [
            *(
                state[:at] + ("B" if state[at] == "A" else "A") + state[at + 1 :]
                for at in range(3, len(state), 29)
            ),
            *(state[:length] for length in (0, 1, 3, 40, len(state) - 1)),
            state + "A",
            "v2." + state[3:],
        ]
        for one in forged:
            with pytest.raises(MCPError, match=INVALID):
                await answered.send(caller, state=one)
        assert ground.sent == []
        assert was_done_now(await answered.send(caller))


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_is_worth_nothing_after_ten_minutes(ground: Ground, act: str):
    def older(claims: dict[str, Any]) -> None:
        claims.update(iat=time() - 601, exp=time() - 1)

    async with connected(serving(ground, KEY), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, ground.target())
        with pytest.raises(MCPError, match=INVALID):
            await answered.send(caller, state=resealed(answered.state, older))
    assert ground.sent == []


def resealed(state: str, change: Callable[[dict[str, Any]], None]) -> str:
    """A state as the server itself would seal it, with other claims."""
    codec = OneTimeCodec([KEY])
    claims = json.loads(codec.unseal(state))
    change(claims)
    return codec.seal(json.dumps(claims).encode())


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_is_worth_nothing_to_another_caller(ground: Ground, act: str):
    target, server = ground.target(), serving(ground)
    with acting_as("ann"):
        async with connected(server, POLITE, MODERN) as caller:
            answered = await Answered.of(caller, act, target)
    with acting_as("bob"):
        async with connected(server, POLITE, MODERN) as caller:
            with pytest.raises(MCPError, match=INVALID):
                await answered.send(caller)
    async with connected(server, POLITE, MODERN) as caller:
        with pytest.raises(MCPError, match=INVALID):
            await answered.send(caller)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_to_what_was_renamed_meanwhile_asks_again(ground: Ground, act: str):
    target = ground.target()
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, target)
        ground.store.load_tests.update(target.test, PatchLoadTest(name="Renamed meanwhile"))
        result = await answered.send(caller)
    assert isinstance(result, InputRequiredResult)
    assert ground.sent == []


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_sent_twice_does_it_once(ground: Ground, act: str):
    target = ground.target()
    before = ground.state(target)
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, target)
        results = [await answered.send(caller), await answered.send(caller)]
    assert [was_done_now(result) for result in results] == [True, False]
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_sent_twice_at_once_does_it_once(ground: Ground, act: str):
    target = ground.target()
    before, results = ground.state(target), list[CallToolResult | InputRequiredResult]()
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, act, target)

        async def send() -> None:
            results.append(await answered.send(caller))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(send)
    assert [was_done_now(result) for result in results].count(True) == 1
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


async def test_an_answer_does_not_serve_again_when_things_changed_back(ground: Ground):
    target = ground.target()
    async with connected(serving(ground), POLITE, MODERN) as caller:
        answered = await Answered.of(caller, "move_load_test", target)
        assert was_done_now(await answered.send(caller))
        ground.store.load_tests.move(target.test, 1)
        again = await answered.send(caller)
    assert isinstance(again, CallToolResult)
    assert "already used" in text_of(again)
    assert ground.state(target)["project"] == 1


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("is_shared", [True, False], ids=["shared memory", "own memory"])
async def test_an_answer_serves_once_on_workers_with_one_key(ground: Ground, act: str, is_shared: bool):
    target, spent = ground.target(), SpentHere()
    before = ground.state(target)
    workers = [
        serving(ground, KEY, confirmations=Confirmations(KEY, spent=spent if is_shared else None))
        for _ in "ab"
    ]
    async with (
        connected(workers[0], POLITE, MODERN) as first,
        connected(workers[1], POLITE, MODERN) as second,
    ):
        answered = await Answered.of(first, act, target)
        results = [await answered.send(second), await answered.send(first), await answered.send(second)]
    assert [was_done_now(result) for result in results] == [True, False, False]
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


async def test_an_answer_used_on_another_worker_does_not_serve_again_when_things_changed_back(ground: Ground):
    target, spent = ground.target(), SpentHere()
    workers = [serving(ground, KEY, confirmations=Confirmations(KEY, spent=spent)) for _ in "ab"]
    async with (
        connected(workers[0], POLITE, MODERN) as first,
        connected(workers[1], POLITE, MODERN) as second,
    ):
        answered = await Answered.of(first, "move_load_test", target)
        assert was_done_now(await answered.send(second))
        ground.store.load_tests.move(target.test, 1)
        again = await answered.send(first)
    assert isinstance(again, CallToolResult)
    assert "already used" in text_of(again)
    assert ground.state(target)["project"] == 1


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_to_a_server_with_another_key_is_worth_nothing(ground: Ground, act: str):
    async with (
        connected(serving(ground), POLITE, MODERN) as here,
        connected(serving(ground), POLITE, MODERN) as there,
    ):
        answered = await Answered.of(there, act, ground.target())
        with pytest.raises(MCPError, match=INVALID):
            await answered.send(here)
    assert ground.sent == []
