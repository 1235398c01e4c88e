"""How a guarded call is carried out: policy, dry runs, records, repeats, and questions left open."""

import contextlib

import anyio
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequestParams, ElicitResult, ErrorData, Implementation
from support.sample_operation import ERAS, YES, Mode, Wall
from support.servers import content_of, text_of

from k6_cloud.errors import TimedOut
from k6_cloud_mcp_tools.guard.plan import Preview
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad
from k6_cloud_mcp_tools.guard.policy import Policy

RED = {"color": "red"}
ALLOWING = Policy(confirm="policy", allow=frozenset({"paint"}))


@pytest.mark.parametrize("mode", ERAS)
async def test_a_policy_lets_it_be_done_without_asking_and_the_result_says_so(mode: Mode):
    wall = Wall()
    async with Client(wall.server(ALLOWING), mode=mode, elicitation_callback=wall.answers()) as client:
        done = content_of(await client.call_tool("paint", RED))
    assert (done["confirmed_by"], wall.painted, wall.asked) == ("policy", ["red"], [])


async def test_a_policy_refuses_what_it_does_not_allow_and_takes_no_token_for_it():
    wall = Wall()
    async with Client(wall.server(Policy())) as client:
        token = content_of(await client.call_tool("paint", RED))["confirmation_token"]
    async with Client(wall.server(Policy(confirm="policy"))) as client:
        refused = await client.call_tool("paint", RED)
        with_token = await client.call_tool("paint", RED | {"confirmation_token": token})
    assert "does not allow paint, and lets nobody confirm it" in text_of(refused)
    assert "takes no confirmation tokens" in text_of(with_token)
    assert wall.painted == []


@pytest.mark.parametrize("mode", ERAS)
async def test_a_ceiling_holds_for_a_person_too_and_nobody_is_asked_in_vain(mode: Mode):
    wall = Wall()
    wall.load = PlannedLoad.of(1, 11)
    server = wall.server(Policy(max_vus=10))
    async with Client(server, mode=mode, elicitation_callback=wall.answers(YES)) as client:
        refused = await client.call_tool("paint", RED)
    assert "the operator's policy forbids it: it takes 11 VUs, and K6_MCP_MAX_VUS is 10" in text_of(refused)
    assert (wall.asked, wall.painted) == ([], [])


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(
    ("policy", "prospect"),
    [
        (Policy(), "the user would be asked"),
        (Policy(confirm="two_step"), "it would return a confirmation_token"),
        (ALLOWING, "as the operator's policy allows it"),
        (Policy(confirm="policy"), "it would be refused: the operator's policy does not allow paint"),
    ],
    ids=["asked", "token", "allowed", "refused"],
)
async def test_a_dry_run_shows_preview_request_and_prospect_and_sends_nothing(
    mode: Mode, policy: Policy, prospect: str
):
    wall = Wall()
    call = {"color": "dry", "dry_run": True}
    async with Client(wall.server(policy), mode=mode, elicitation_callback=wall.answers()) as client:
        shown = content_of(await client.call_tool("paint", call))
    assert (shown["status"], shown["preview"]) == ("dry_run", "Paint the white wall dry")
    assert shown["request"]["method"] == "POST"
    assert shown["request"]["path"] == "/cloud/v6/projects"
    assert shown["request"]["body"] == {"name": "dry"}
    assert prospect in shown["next"]
    assert (wall.asked, wall.book.stages) == ([], ["dry run"])


async def test_a_dry_run_of_what_needs_no_confirmation_sends_nothing_either():
    wall = Wall()
    wall.state = "dry"
    async with Client(wall.server()) as client:
        shown = content_of(await client.call_tool("paint", {"color": "dry", "dry_run": True}))
    assert shown["status"] == "dry_run"
    assert "would be done without asking" in shown["next"]


async def test_a_call_that_is_settled_already_is_answered_without_asking():
    wall = Wall()
    async with Client(wall.server(), elicitation_callback=wall.answers()) as client:
        done = content_of(await client.call_tool("paint", {"color": "settled"}))
    assert (done["confirmed_by"], done["result"]) == ("not needed", {"color": "already"})
    assert wall.painted == []


async def test_a_token_used_again_tells_what_it_did_instead_of_doing_it_twice():
    wall = Wall()
    wall.failure = TimedOut("No answer came.")
    async with Client(wall.server()) as client:
        token = content_of(await client.call_tool("paint", {"color": "lost"}))["confirmation_token"]
        call = {"color": "lost", "confirmation_token": token}
        first = await client.call_tool("paint", call)
        again = content_of(await client.call_tool("paint", call))
    assert "No answer came" in text_of(first)
    assert (again["confirmed_by"], again["result"]) == ("not needed", {"color": "lost"})
    assert wall.painted == ["lost"]


@pytest.mark.parametrize("mode", ERAS)
async def test_an_act_has_one_key_however_often_it_is_confirmed_in_the_same_state(mode: Mode):
    wall = Wall()
    server = wall.server()
    async with Client(server, mode=mode, elicitation_callback=wall.answers(YES, YES, YES)) as client:
        await client.call_tool("paint", RED)
        await client.call_tool("paint", RED)
        wall.state = "red, once"
        await client.call_tool("paint", RED)
    first, second, third = wall.keys
    assert first == second != third


async def test_details_are_shown_and_bound_but_not_kept():
    wall = Wall()
    async with Client(wall.server()) as client:
        offer = content_of(await client.call_tool("paint", {"color": "two"}))
    assert offer["preview"] == "Paint the white wall two\nwith two coats"
    assert [attempt.preview for attempt in wall.book.attempts] == ["Paint the white wall two"]


@pytest.mark.parametrize("mode", ERAS)
async def test_the_audit_has_the_question_the_beginning_and_the_end_and_who_decided(mode: Mode):
    wall = Wall()
    client_info = Implementation(name="editor", version="1.2")
    answer = wall.answers(YES)
    async with Client(
        wall.server(), mode=mode, elicitation_callback=answer, client_info=client_info
    ) as client:
        await client.call_tool("paint", RED)
    assert wall.book.stages == ["asked", "begun", "done"]
    done = wall.book.attempts[-1]
    assert (done.tool, done.caller, done.client, done.decided_by) == (
        "paint",
        "local",
        "editor 1.2",
        "person",
    )
    assert done.preview == "Paint the white wall red"
    assert len(done.arguments_sha256) == 64


@pytest.mark.parametrize(
    ("answer", "stages"),
    [
        (ElicitResult(action="decline"), ["asked", "refused"]),
        (ElicitResult(action="cancel"), ["asked", "refused"]),
        (ElicitResult(action="accept", content={"decision": "stop"}), ["asked", "refused"]),
        (ElicitResult(action="accept", content={}), ["asked", "refused"]),
        (ElicitResult(action="accept"), ["asked", "refused"]),
    ],
    ids=["declined", "closed", "stopped", "empty form", "no form"],
)
@pytest.mark.parametrize("mode", ERAS)
async def test_the_audit_has_what_was_refused(mode: Mode, answer: ElicitResult, stages: list[str]):
    wall = Wall()
    async with Client(wall.server(), mode=mode, elicitation_callback=wall.answers(answer)) as client:
        await client.call_tool("paint", RED)
    assert wall.book.stages == stages
    assert str(wall.book.attempts[-1].detail).startswith("Not done: ")
    assert "Paint the white wall red" not in str(wall.book.attempts[-1].detail)


async def test_the_audit_has_offers_refusals_and_calls_that_needed_no_asking():
    wall = Wall()
    async with Client(wall.server()) as client:
        token = content_of(await client.call_tool("paint", RED))["confirmation_token"]
        await client.call_tool("paint", {"color": "blue", "confirmation_token": token})
        await client.call_tool("paint", RED | {"confirmation_token": token})
        await client.call_tool("paint", {"color": "glass"})
        await client.call_tool("paint", {"color": "white"})
    assert wall.book.stages == ["offered", "refused", "begun", "done", "refused", "begun", "done"]
    assert [one.decided_by for one in wall.book.attempts if one.stage == "done"] == ["token", "not needed"]


@pytest.mark.parametrize(
    ("failure", "stage"),
    [(TimedOut("No answer."), "unknown"), (RuntimeError("a fault"), "unknown")],
    ids=["lost answer", "crash"],
)
async def test_the_audit_does_not_claim_to_know_how_a_lost_call_ended(failure: Exception, stage: str):
    wall = Wall()
    wall.failure = failure
    async with Client(wall.server(ALLOWING)) as client:
        # A crash is an error of the protocol, a lost answer a result.
        with contextlib.suppress(MCPError):
            await client.call_tool("paint", RED)
    assert wall.book.stages == ["begun", stage]


async def test_what_cannot_be_recorded_is_not_done():
    wall = Wall()
    wall.book.full = True
    async with Client(wall.server(ALLOWING)) as client:
        refused = await client.call_tool("paint", RED)
    assert "cannot be recorded in the audit file (No space left on device)" in text_of(refused)
    assert wall.painted == []


async def never(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    del context, params
    await anyio.sleep_forever()
    raise AssertionError("unreachable")


async def test_a_client_that_never_answers_is_not_waited_for_for_ever_nor_asked_again():
    wall = Wall()
    async with Client(wall.server(ask_seconds=0.1), mode="legacy", elicitation_callback=never) as client:
        unanswered = await client.call_tool("paint", RED)
        offer = content_of(await client.call_tool("paint", RED))
    assert "nobody answered the confirmation in time" in text_of(unanswered)
    assert wall.book.stages == ["asked", "refused", "offered"]
    assert "nobody answered" in str(wall.book.attempts[1].detail)
    assert offer["status"] == "confirmation_required"
    assert "left an earlier question unanswered" in offer["next"]
    assert wall.painted == []


@pytest.mark.parametrize("code", [-32601, -32603, -32042, 1])
async def test_a_client_that_answers_with_an_error_is_told_so_recorded_and_not_asked_again(code: int):
    wall = Wall()

    async def fail(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        del context, params
        return ErrorData(code=code, message="no such thing")

    async with Client(wall.server(), mode="legacy", elicitation_callback=fail) as client:
        failed = await client.call_tool("paint", RED)
        offer = content_of(await client.call_tool("paint", RED))
        done = await client.call_tool("paint", RED | {"confirmation_token": offer["confirmation_token"]})
    assert f"answered the confirmation with an error ({code}), so nobody was asked" in text_of(failed)
    assert "this client answered an earlier question with an error" in offer["next"]
    assert content_of(done)["confirmed_by"] == "token"
    assert wall.book.stages == ["asked", "refused", "offered", "begun", "done"]


async def test_where_only_a_person_decides_an_error_for_an_answer_does_nothing_each_time():
    wall = Wall()

    async def fail(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        del context, params
        return ErrorData(code=-32601, message="no such thing")

    server = wall.server(Policy(confirm="ask"))
    async with Client(server, mode="legacy", elicitation_callback=fail) as client:
        for _ in "ab":
            assert "with an error (-32601)" in text_of(await client.call_tool("paint", RED))
    assert wall.painted == []


async def test_a_call_that_the_client_gives_up_on_while_it_asks_does_nothing():
    wall = Wall()
    async with Client(wall.server(), mode="legacy", elicitation_callback=never) as client:
        with anyio.move_on_after(0.2):
            await client.call_tool("paint", RED)
        offer = content_of(await client.call_tool("paint", RED))
    assert offer["status"] == "confirmation_required"
    assert wall.painted == []


async def test_a_host_whose_forms_show_to_nobody_gets_a_token_and_is_told_why():
    wall = Wall()
    host = Implementation(name="claude-ai", version="0.1.0")
    async with Client(wall.server(), elicitation_callback=wall.answers(), client_info=host) as client:
        offer = content_of(await client.call_tool("paint", RED))
    assert "hangs instead of showing a question" in offer["next"]
    assert wall.asked == []


async def test_where_the_day_has_a_ceiling_two_calls_at_once_do_not_both_slip_under_it():
    wall = Wall()
    wall.load = PlannedLoad.of(3, 1)
    results: list[bool] = []
    policy = Policy(max_vuh_per_day=5, allow=frozenset({"paint"}))
    async with Client(wall.server(policy)) as client, anyio.create_task_group() as tasks:

        async def paint(color: str) -> None:
            results.append((await client.call_tool("paint", {"color": color})).is_error or False)

        tasks.start_soon(paint, "red")
        tasks.start_soon(paint, "blue")
    assert (sorted(results), len(wall.painted)) == ([False, True], 1)
    assert "today's runs cost 3 VUh, this one 3 more" in str(wall.book.attempts[-1].detail) + str(
        wall.book.attempts[-2].detail
    )


@pytest.mark.parametrize("mode", ERAS)
async def test_a_ceiling_that_is_reached_while_the_person_thinks_holds_when_they_agree(mode: Mode):
    wall = Wall()
    wall.load = PlannedLoad.of(3, 1)

    async def spend(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context, params
        wall.charges.append(3)
        return YES

    server = wall.server(Policy(max_vuh_per_day=5))
    async with Client(server, mode=mode, elicitation_callback=spend) as client:
        refused = await client.call_tool("paint", RED)
    assert "today's runs cost 3 VUh" in text_of(refused)
    assert "The preview of this call was:\nPaint the white wall red" in text_of(refused)
    assert wall.book.stages == ["asked", "refused"]
    assert wall.painted == []


@pytest.mark.parametrize("mode", ERAS)
async def test_a_ceiling_that_is_reached_before_the_token_is_spent_holds(mode: Mode):
    wall = Wall()
    wall.load = PlannedLoad.of(3, 1)
    async with Client(wall.server(Policy(max_vuh_per_day=5)), mode=mode) as client:
        offer = content_of(await client.call_tool("paint", RED))
        wall.charges.append(3)
        refused = await client.call_tool("paint", RED | {"confirmation_token": offer["confirmation_token"]})
    assert "today's runs cost 3 VUh" in text_of(refused)
    assert wall.painted == []


@pytest.mark.parametrize("mode", ERAS)
async def test_a_load_that_grows_while_the_person_thinks_is_held_to_the_ceilings_too(mode: Mode):
    wall = Wall()
    wall.load = PlannedLoad.of(1, 5)

    async def grow(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context, params
        wall.load = PlannedLoad.of(1, 50)
        return YES

    server = wall.server(Policy(max_vus=10))
    async with Client(server, mode=mode, elicitation_callback=grow) as client:
        refused = await client.call_tool("paint", RED)
    assert "takes 50 VUs, and K6_MCP_MAX_VUS is 10" in text_of(refused)
    assert wall.painted == []


@pytest.mark.parametrize("mode", ERAS)
async def test_the_result_repeats_what_was_confirmed_unless_the_model_saw_it(mode: Mode):
    wall = Wall()
    server = wall.server()
    async with Client(server, mode=mode, elicitation_callback=wall.answers(YES)) as client:
        by_person = content_of(await client.call_tool("paint", {"color": "two"}))
    async with Client(server, mode=mode) as client:
        token = content_of(await client.call_tool("paint", RED))["confirmation_token"]
        by_token = content_of(await client.call_tool("paint", RED | {"confirmation_token": token}))
    async with Client(wall.server(ALLOWING), mode=mode) as client:
        by_policy = content_of(await client.call_tool("paint", RED))
    assert by_person["preview"] == "Paint the white wall two\nwith two coats"
    assert "preview" not in by_token
    assert by_policy["preview"] == "Paint the white wall red"


def test_a_long_preview_is_cut_where_a_result_repeats_it():
    recap = Preview("x" * 1000, details="y" * 1000).recap
    assert recap.startswith("x" * 1000 + "\n" + "y" * 199)
    assert recap.endswith("… (801 more characters were shown)")
