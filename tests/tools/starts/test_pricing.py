from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.servers import World

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp_tools.guard.planned_load import PlannedRun
from k6_cloud_mcp_tools.starts.pricing import CannotRun, Price, price_of, refusing

BURST = "export const options = { vus: 30, duration: '90s' }; export default () => {};"
ONCE = "export const options = { iterations: 1 }; export default () => {};"


async def priced(world: World, test_id: int) -> Price:
    return await price_of(world.app, await world.k6.load_tests.get(test_id))


async def test_a_price_comes_in_words_and_as_a_number(world: World):
    price = await priced(world, await world.new_test(script=BURST))
    assert price.vuh == 1
    assert price.words == "1 VUh for up to 30 VUs over 1 min 30 s (options from the script, read by k6)"
    assert price.options is not None
    assert price.options["vus"] == 30
    assert price.planned_run() == PlannedRun(1, 30)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("30s", "over 30 s"),
        ("90s", "over 1 min 30 s"),
        ("4m30s", "over 4 min 30 s"),
        ("61s", "over 1 min 1 s"),
    ],
)
async def test_the_time_is_said_in_minutes_and_seconds(world: World, duration: str, words: str):
    script = BURST.replace("90s", duration)
    assert f"{words} (" in (await priced(world, await world.new_test(script=script))).words


async def test_a_price_tells_the_warnings_of_k6(world: World):
    test = await world.new_test(script="export const options = { stages: [] }; export default () => {};")
    words = (await priced(world, test)).words
    assert "; k6 warns: `stages` was explicitly set to an empty value" in words


async def test_without_k6_and_a_run_the_price_is_unknown(world: World):
    world.app = replace(world.app, inspect_script=None)
    price = await priced(world, await world.new_test(script=BURST))
    assert price == Price("unknown (there is no k6 here to read the script's options, and no earlier run)")


async def test_without_k6_the_newest_run_has_the_options(
    world: World, run_script: Callable[..., Awaitable[TestRun]]
):
    run = await run_script(ONCE)
    world.app = replace(world.app, inspect_script=None)
    price = await priced(world, run.test_id)
    assert price.vuh is not None
    assert price.words.endswith(f"(options as in run {run.id}, of the same script)")
    assert price.planned_run() == PlannedRun(price.most, 1)


async def test_a_run_whose_script_cannot_be_read_leaves_open_whether_it_is_the_same(
    world: World, run_script: Callable[..., Awaitable[TestRun]], through: Callable[..., K6Cloud]
):
    run = await run_script(ONCE)

    async def fail(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(404) if request.url.path.endswith(f"/test_runs/{run.id}/script") else None

    world.app = replace(world.app, inspect_script=None, unscoped=through(fail))
    price = await priced(world, run.test_id)
    assert price.words.endswith(f"(options as in run {run.id}; the script may have changed since)")
    assert price.planned_run() == PlannedRun(None, None)


async def test_a_test_without_a_script_cannot_run(world: World):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    with pytest.raises(
        CannotRun, match=rf"^load test {test} has no script\. Set one with upload_load_test_s"
    ):
        await priced(world, test)


async def test_a_script_that_k6_refuses_cannot_run_here(world: World):
    test = await world.new_test(script="export default function () {")
    with pytest.raises(CannotRun, match="Unexpected end of input"):
        await priced(world, test)


async def test_options_that_the_service_refuses_cannot_run(world: World):
    test = await world.new_test(script=BURST.replace("30", "100000"))
    with pytest.raises(CannotRun, match=r"the service refuses the options .*100000 VUs"):
        await priced(world, test)


async def test_a_token_in_the_options_is_not_sent(world: World, through: Callable[..., K6Cloud]):
    sent: list[bytes] = []

    async def look(request: httpx.Request) -> None:
        sent.append(request.content)

    async def with_token(_: Script) -> ScriptOptions:
        return ScriptOptions({"vus": 1, "duration": "1m", "cloud": {"token": "secret"}}, by_k6=True)

    test = await world.new_test()
    world.app = replace(world.app, unscoped=through(look), inspect_script=with_token)
    assert "secret" not in (await priced(world, test)).words
    assert b"duration" in b"".join(sent)
    assert b"secret" not in b"".join(sent)


def test_what_cannot_run_refuses_the_call_with_its_outcome():
    with pytest.raises(ToolError, match=r"^Not scheduled: it is broken$"), refusing("Not scheduled"):
        raise CannotRun("it is broken")


async def test_the_options_of_a_run_are_uncertain_where_the_same_script_may_compute_others(
    world: World, run_script: Callable[..., Awaitable[TestRun]]
):
    computed = (
        "export const options = { iterations: 1, vus: Number(__ENV.VUS || 1) }; export default () => {};"
    )
    run = await run_script(computed)
    world.app = replace(world.app, inspect_script=None)
    price = await priced(world, run.test_id)
    assert f"(options as in run {run.id}, of the same script; uncertain, because of " in price.words
    assert "__ENV" in price.words
    assert price.planned_run() == PlannedRun(None, None)
