"""Clients that go away in the middle, and clients that come at the same time."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any

import anyio
import pytest
from hostile.clients import ERAS, FORMS, MODERN, POLITE, UNABLE, Caller, Era, Host, agrees
from hostile.ground import ACTS, Ground, changed, open_ground
from hostile.matrix import LEGACY
from hostile.serving import connected, serving
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult
from support.servers import content_of, text_of

from k6_cloud.models import PatchLoadTest
from k6_cloud_mcp_tools.guard.confirmations import Confirmations
from k6_cloud_mcp_tools.guard.policy import Policy


@pytest.fixture
def ground() -> Generator[Ground, None, None]:
    with open_ground() as opened:
        yield opened


class Stuck:
    """A pause without an end; `reached` is set by whoever comes to it."""

    def __init__(self) -> None:
        self.reached = anyio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await anyio.sleep_forever()

    async def answer(self, message: str, schema: dict[str, Any]) -> ElicitResult:
        """A person who never answers."""
        del message, schema
        await self()
        raise AssertionError


async def abandon(stuck: Stuck, call: Callable[..., Coroutine[Any, Any, object]], *arguments: Any) -> None:
    """Make a call, and cancel it where it is stuck."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, *arguments)
        with anyio.fail_after(10):
            await stuck.reached.wait()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("era", LEGACY)
@pytest.mark.parametrize("act", ACTS)
async def test_a_call_cancelled_while_the_person_is_asked_does_nothing_and_the_next_one_gets_a_token(
    ground: Ground, era: Era, act: str
):
    arguments, stuck = ACTS[act].arguments(ground.target()), Stuck()
    async with connected(serving(ground, ask_seconds=60), Host("stuck", FORMS, stuck.answer), era) as caller:
        await abandon(stuck, caller.call, act, arguments)
        again = content_of(await caller.call(act, arguments))
    assert len(caller.asked) == 1
    assert again["status"] == "confirmation_required"
    assert "left an earlier question unanswered" in again["next"]
    assert ground.sent == []


@pytest.mark.parametrize("era", LEGACY)
async def test_a_client_that_leaves_while_the_person_is_asked_changes_nothing(ground: Ground, era: Era):
    target, stuck = ground.target(), Stuck()
    before = ground.state(target)
    async with anyio.create_task_group() as tasks:

        async def visit() -> None:
            async with connected(
                serving(ground, ask_seconds=60), Host("stuck", FORMS, stuck.answer), era
            ) as it:
                await it.call("delete_load_test", {"load_test_id": target.test})

        tasks.start_soon(visit)
        await stuck.reached.wait()
        tasks.cancel_scope.cancel()
    assert (ground.state(target), ground.sent) == (before, [])


@pytest.mark.parametrize("era", LEGACY)
async def test_an_answer_that_comes_too_late_does_nothing(ground: Ground, era: Era):
    answered = anyio.Event()

    async def late(message: str, schema: dict[str, Any]) -> ElicitResult:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.3)
        answered.set()
        return await agrees(message, schema)

    host = Host("answers late", FORMS, late)
    async with connected(serving(ground, ask_seconds=0.1), host, era) as caller:
        result = await caller.call("start_load_test", {"load_test_id": ground.target().test})
        await answered.wait()
        await anyio.sleep(0.05)
    assert "nobody answered the confirmation in time" in text_of(result)
    assert ground.sent == []


@pytest.mark.parametrize("era", LEGACY)
@pytest.mark.parametrize("act", ACTS)
async def test_a_rename_while_the_person_thinks_does_nothing_and_says_so(ground: Ground, era: Era, act: str):
    target = ground.target()

    async def answer(message: str, schema: dict[str, Any]) -> ElicitResult:
        ground.store.load_tests.update(target.test, PatchLoadTest(name="Renamed meanwhile"))
        return await agrees(message, schema)

    async with connected(serving(ground), Host("slow", FORMS, answer), era) as caller:
        result = await caller.call(act, ACTS[act].arguments(target))
    assert "has changed meanwhile" in text_of(result)
    assert ground.sent == []


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("act", ACTS)
async def test_a_call_cancelled_before_its_request_is_sent_never_does_it_later(
    ground: Ground, era: Era, act: str
):
    target, stuck = ground.target(), Stuck()
    before = ground.state(target)
    server = serving(ground, policy=Policy(confirm="two_step"), pauses={"before": stuck})
    async with connected(server, UNABLE, era) as caller:
        arguments = ACTS[act].arguments(target)
        token = content_of(await caller.call(act, arguments))["confirmation_token"]
        await abandon(stuck, caller.call, act, arguments | {"confirmation_token": token})
        again = await caller.call(act, arguments | {"confirmation_token": token})
    assert "already used" in text_of(again)
    assert (ground.state(target), len(ground.sent)) == (before, 1)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("act", ACTS)
async def test_a_call_cancelled_before_its_answer_came_is_not_done_again_by_its_token(
    ground: Ground, era: Era, act: str
):
    target, stuck = ground.target(), Stuck()
    before = ground.state(target)
    server = serving(ground, policy=Policy(confirm="two_step"), pauses={"after": stuck})
    async with connected(server, UNABLE, era) as caller:
        arguments = ACTS[act].arguments(target)
        token = content_of(await caller.call(act, arguments))["confirmation_token"]
        await abandon(stuck, caller.call, act, arguments | {"confirmation_token": token})
        again = await caller.call(act, arguments | {"confirmation_token": token})
    assert again.is_error or content_of(again)["confirmed_by"] == "not needed"
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


@pytest.mark.parametrize("act", ACTS)
async def test_an_answer_whose_call_was_cancelled_is_not_acted_on_again(ground: Ground, act: str):
    target, stuck = ground.target(), Stuck()
    before = ground.state(target)
    arguments = ACTS[act].arguments(target)
    async with connected(serving(ground, pauses={"after": stuck}), POLITE, MODERN) as caller:
        question = await caller.round(act, arguments)
        assert isinstance(question, InputRequiredResult)
        answers = await caller.answers(question)
        await abandon(stuck, caller.round, act, arguments, answers, question.request_state)
        again = await caller.round(act, arguments, answers, question.request_state)
    assert isinstance(again, InputRequiredResult) or again.is_error or by_whom(again) == "not needed"
    assert changed(before, ground.state(target)) == ACTS[act].changes
    assert len(ground.sent) == 1


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("act", ACTS)
async def test_two_people_who_agree_at_the_same_time_do_it_once(ground: Ground, era: Era, act: str):
    target = ground.target()
    before, results = ground.state(target), list[CallToolResult]()
    both_asked, asked = anyio.Event(), list[str]()

    async def together(message: str, schema: dict[str, Any]) -> ElicitResult:
        asked.append(message)
        if len(asked) == 2:
            both_asked.set()
        await both_asked.wait()
        return await agrees(message, schema)

    server = serving(ground, ask_seconds=10, confirmations=Confirmations(b"k" * 32))
    host = Host("waits for the other", FORMS, together)
    async with (
        connected(server, host, era) as one,
        connected(server, host, era) as other,
        anyio.create_task_group() as tasks,
    ):

        async def call(caller: Caller) -> None:
            results.append(await caller.call(act, ACTS[act].arguments(target)))

        tasks.start_soon(call, one)
        tasks.start_soon(call, other)
    assert any(by_whom(result) == "person" for result in results if not result.is_error)
    assert changed(before, ground.state(target)) == ACTS[act].changes


def by_whom(result: CallToolResult) -> str:
    return content_of(result)["confirmed_by"]
