"""The guard around a toy operation, through a real in-memory client of each protocol era."""

import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult
from support.sample_operation import ERAS, YES, Mode, Wall
from support.servers import content_of, text_of

from k6_cloud_mcp_tools.guard.policy import Policy


@pytest.mark.parametrize("mode", ERAS)
async def test_the_person_is_asked_once_and_a_yes_does_it(mode: Mode):
    wall = Wall()
    async with Client(wall.server(), mode=mode, elicitation_callback=wall.answers(YES)) as client:
        result = await client.call_tool("paint", {"color": "red"})
    done = {"status": "done", "confirmed_by": "person", "result": {"color": "red"}}
    assert content_of(result) == done | {"preview": "Paint the white wall red"}
    assert (wall.asked, wall.painted) == (["Paint the white wall red"], ["red"])


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ElicitResult(action="decline"), "was declined in the client"),
        (ElicitResult(action="cancel"), "do not take it as the user's refusal"),
        (ElicitResult(action="accept", content={"decision": "stop"}), "the user chose to stop"),
        (ElicitResult(action="accept", content={}), "does not count as a yes"),
        (ElicitResult(action="accept", content={"decision": "yes"}), "does not count as a yes"),
        (ElicitResult(action="accept", content={"decision": ["go ahead"]}), "does not count as a yes"),
    ],
    ids=["declined", "cancelled", "stopped", "empty", "another word", "wrong type"],
)
async def test_anything_but_a_yes_does_nothing(mode: Mode, answer: ElicitResult, words: str):
    wall = Wall()
    async with Client(wall.server(), mode=mode, elicitation_callback=wall.answers(answer)) as client:
        result = await client.call_tool("paint", {"color": "red"})
    assert result.is_error
    assert words in text_of(result)
    assert wall.painted == []


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(("typed", "done"), [("Hall", True), ("hall", False), ("", False)])
async def test_what_cannot_be_undone_needs_the_name_typed(mode: Mode, typed: str, done: bool):
    wall = Wall(typed_name="Hall")
    typed_it = ElicitResult(action="accept", content={"name": typed})
    async with Client(wall.server(), mode=mode, elicitation_callback=wall.answers(typed_it)) as client:
        result = await client.call_tool("paint", {"color": "red"})
    assert (not result.is_error, wall.painted) == (done, ["red"] if done else [])


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_that_cannot_ask_gets_a_preview_and_spends_its_token_once(mode: Mode):
    wall = Wall()
    async with Client(wall.server(), mode=mode) as client:
        offer = content_of(await client.call_tool("paint", {"color": "red"}))
        assert (offer["status"], offer["preview"]) == ("confirmation_required", "Paint the white wall red")
        assert wall.painted == []
        call = {"color": "red", "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("paint", call))
        assert (done["status"], done["confirmed_by"]) == ("done", "token")
        again = await client.call_tool("paint", call)
    assert "already used" in text_of(again)
    assert wall.painted == ["red"]


@pytest.mark.parametrize("mode", ERAS)
async def test_a_token_is_refused_for_other_arguments_and_after_a_change(mode: Mode):
    wall = Wall()
    async with Client(wall.server(), mode=mode) as client:
        offer = content_of(await client.call_tool("paint", {"color": "red"}))
        token = offer["confirmation_token"]
        other = await client.call_tool("paint", {"color": "blue", "confirmation_token": token})
        wall.state = "green"
        changed = await client.call_tool("paint", {"color": "red", "confirmation_token": token})
    assert "does not fit" in text_of(other)
    assert "does not fit" in text_of(changed)
    assert wall.painted == []


async def test_a_change_while_the_person_thinks_does_nothing_and_says_so():
    wall = Wall()

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context, params
        wall.state = "green"
        return YES

    async with Client(wall.server(), mode="legacy", elicitation_callback=answer) as client:
        result = await client.call_tool("paint", {"color": "red"})
    assert "has changed meanwhile" in text_of(result)
    assert wall.painted == []


async def test_a_change_between_question_and_answer_asks_again():
    wall = Wall()

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        wall.asked.append(params.message)
        wall.state = "green"
        return YES

    async with Client(wall.server(), mode="auto", elicitation_callback=answer) as client:
        content_of(await client.call_tool("paint", {"color": "red"}))
    assert wall.asked == ["Paint the white wall red", "Paint the green wall red"]
    assert wall.painted == ["red"]


async def test_a_call_that_cannot_work_is_refused_before_anyone_is_asked():
    wall = Wall()
    async with Client(wall.server(), elicitation_callback=wall.answers()) as client:
        result = await client.call_tool("paint", {"color": "glass"})
    assert text_of(result) == "Not painted: glass is not a color."
    assert wall.asked == []


async def test_a_call_with_nothing_to_confirm_just_runs():
    wall = Wall()
    async with Client(wall.server()) as client:
        done = content_of(await client.call_tool("paint", {"color": "white"}))
    assert done["confirmed_by"] == "not needed"


async def test_an_operator_can_forbid_tokens():
    wall = Wall()
    async with Client(wall.server(Policy(confirm="ask"))) as client:
        result = await client.call_tool("paint", {"color": "red"})
    assert "only lets a person confirm" in text_of(result)
    assert wall.painted == []


async def test_an_operator_can_spare_the_person_for_a_client_whose_forms_do_not_show():
    wall = Wall()
    async with Client(wall.server(Policy(confirm="two_step")), elicitation_callback=wall.answers()) as client:
        offer = content_of(await client.call_tool("paint", {"color": "red"}))
    assert offer["status"] == "confirmation_required"
    assert wall.asked == []
