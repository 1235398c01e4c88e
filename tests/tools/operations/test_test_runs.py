from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

import anyio
import httpx
import pytest
from mcp import Client
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud

Mode = Literal["auto", "legacy"]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)
FAILING = """
import { check } from 'k6';
export const options = { iterations: 1, thresholds: { checks: ['rate==1'] } };
export default () => { check(1, { 'is two': (one) => one === 2 }); };
"""
ONCE = "export const options = { iterations: 1 }; export default () => {};"
GO_AHEAD = {"decision": "go ahead"}


async def runs_of(client: Client, test: int) -> list[int]:
    listed = content_of(await client.call_tool("list_load_test_runs", {"load_test_id": test}))
    return [row["id"] for row in listed["rows"]]


async def until_running(world: World, run: int) -> None:
    with anyio.fail_after(20):
        while (await world.k6.test_runs.get(run)).status != "running":
            await anyio.sleep(0.05)


@EVERY_ERA
async def test_no_single_call_starts_a_run_for_a_client_that_cannot_ask(world: World, mode: Mode):
    test = await world.new_test(script=ONCE)
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
        assert offer["status"] == "confirmation_required"
        assert await runs_of(client, test) == []
        call = {"load_test_id": test, "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("start_load_test", call))
        again = content_of(await client.call_tool("start_load_test", call))
        assert await runs_of(client, test) == [done["result"]["test_run_id"]]
    assert done["confirmed_by"] == "token"
    assert "already_started" in again["result"]


@EVERY_ERA
async def test_a_person_starts_a_run_and_its_result_is_read(world: World, mode: Mode):
    test = await world.new_test()
    async with world.connect(mode=mode, answer=GO_AHEAD) as client:
        done = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
        run = done["result"]["test_run_id"]
        ended = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
        got = content_of(await client.call_tool("get_test_run", {"test_run_id": run}))
    assert done["confirmed_by"] == "person"
    assert done["result"]["page_url"] == f"{world.sandbox.base_url}/runs/{run}"
    assert done["result"]["next"] == f"Call wait_for_test_run with test_run_id {run}."
    assert (ended["status"], ended["result"], ended["load_test_id"]) == ("completed", "passed", test)
    assert (ended["max_vus"], ended["options"]["vus"]) == (2, 2)
    assert "next" not in ended
    assert got == ended


@EVERY_ERA
async def test_a_person_who_says_stop_starts_nothing(world: World, mode: Mode):
    test = await world.new_test(script=ONCE)
    async with world.connect(mode=mode, answer={"decision": "stop"}) as client:
        stopped = await client.call_tool("start_load_test", {"load_test_id": test})
        assert await runs_of(client, test) == []
    assert text_of(stopped).startswith(
        "Not done: the user chose to stop.\n\nThe preview of this call was:\nStart "
    )


async def test_while_it_waits_progress_grows_and_tells_the_status(world: World):
    test = await world.new_test()
    run = (await world.k6.load_tests.start(test)).id
    waited: list[float] = []
    messages: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        del total
        waited.append(progress)
        messages.append(message or "")

    async with world.connect() as client:
        ended = content_of(
            await client.call_tool("wait_for_test_run", {"test_run_id": run}, progress_callback=note)
        )
    assert ended["result"] == "passed"
    assert len(waited) > 2
    assert all(earlier < later for earlier, later in pairwise(waited))
    assert any(message.startswith(f"Run {run} is running, for 0 s, about 1 s left") for message in messages)


async def test_a_run_that_takes_longer_than_the_wait_says_to_call_again(world: World):
    test = await world.new_test(script=LONG)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        with anyio.fail_after(5):
            waiting = content_of(
                await client.call_tool("wait_for_test_run", {"test_run_id": run, "max_seconds": 1})
            )
    assert "result" not in waiting
    assert waiting["next"] == f"Not finished: call wait_for_test_run with test_run_id {run}."


async def test_waiting_for_a_run_that_has_ended_returns_at_once(world: World):
    test = await world.new_test(script=ONCE)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        first = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
        with anyio.fail_after(1):
            again = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    assert again == first


@pytest.mark.parametrize("seconds", [0, 46])
async def test_a_wait_has_bounds(world: World, seconds: int):
    async with world.connect() as client:
        refused = await client.call_tool("wait_for_test_run", {"test_run_id": 1, "max_seconds": seconds})
    assert text_of(refused).startswith("wait_for_test_run was not called:\n- max_seconds: should be ")


async def test_a_run_is_stopped_and_says_who_did_it(world: World):
    test = await world.new_test(script=LONG)
    run = (await world.k6.load_tests.start(test)).id
    await until_running(world, run)
    async with world.connect() as client:
        content_of(await client.call_tool("abort_test_run", {"test_run_id": run}))
        ended = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    assert (ended["status"], ended["result"]) == ("aborted", "error")
    assert ended["message"] == "Stopped by sandbox@localhost."


async def test_a_run_that_has_ended_cannot_be_stopped(world: World):
    test = await world.new_test(script=ONCE)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
        refused = await client.call_tool("abort_test_run", {"test_run_id": run})
    assert text_of(refused) == (
        f"Not aborted: run {run} is not running, it is completed with result passed. There is nothing to stop."
    )


async def test_a_run_that_fails_its_thresholds_names_them(world: World):
    test = await world.new_test(script=FAILING)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        ended = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    assert (ended["status"], ended["result"]) == ("completed", "failed")
    assert "checks" in ended["message"]
    assert "rate==1" in ended["message"]


async def test_a_run_of_a_broken_script_says_what_is_wrong_with_it(world: World):
    test = await world.new_test(script="export default function () {")
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        ended = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    assert (ended["status"], ended["result"]) == ("aborted", "error")
    assert "Unexpected end of input" in ended["message"]


async def test_the_newest_runs_come_first_and_next_skip_leads_to_the_others(world: World):
    test = await world.new_test(script=LONG)
    runs = [(await world.k6.load_tests.start(test)).id for _ in range(3)]
    async with world.connect() as client:
        first = content_of(await client.call_tool("list_load_test_runs", {"load_test_id": test, "limit": 2}))
        rest = content_of(
            await client.call_tool(
                "list_load_test_runs", {"load_test_id": test, "limit": 2, "skip": first["next_skip"]}
            )
        )
    assert [row["id"] for row in first["rows"] + rest["rows"]] == runs[::-1]
    assert (first["total"], "next_skip" in rest) == (3, False)


@pytest.mark.parametrize("tool", ["get_test_run", "abort_test_run", "wait_for_test_run"])
async def test_a_run_that_is_not_there_is_named_as_missing(world: World, tool: str):
    async with world.connect() as client:
        missing = await client.call_tool(tool, {"test_run_id": 4711})
    assert "answered 404: " in text_of(missing)
    assert "4711" in text_of(missing)
    assert text_of(missing).endswith("Look the id up with the matching list tool.")


async def test_a_run_with_a_token_in_its_options_is_shown_without_it(
    world: World, through: Callable[..., K6Cloud]
):
    run = {
        "id": 5,
        "test_id": 1,
        "project_id": 1,
        "created": datetime(2026, 1, 1).isoformat(),
        "status": "completed",
        "status_details": {"type": "completed", "entered": "2026-01-01T00:00:00Z"},
        "options": {"vus": 1, "cloud": {"token": "glsa_planted", "name": "x"}},
    }

    async def answer(request: httpx.Request) -> httpx.Response:
        many: dict[str, Any] = {"value": [run], "@count": 1}
        return httpx.Response(200, json=many if "load_tests" in request.url.path else run)

    async with world.connect(k6=through(answer)) as client:
        got = await client.call_tool("get_test_run", {"test_run_id": 5})
        listed = await client.call_tool("list_load_test_runs", {"load_test_id": 1})
    assert content_of(got)["options"] == {"vus": 1, "cloud": {"token": "<redacted>", "name": "x"}}
    assert "glsa_planted" not in text_of(got) + text_of(listed)
