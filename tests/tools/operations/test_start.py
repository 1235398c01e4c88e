import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from support.plans import text_of_plan
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.errors import ScriptError
from k6_cloud.limits import PatchProjectLimits
from k6_cloud.models import Json, TestRun
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp_tools.guard.plan import Plan
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad
from k6_cloud_mcp_tools.operations.start import start_load_test

LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)
ONCE = "export const options = { iterations: 1 }; export default () => {};"


async def lines_of(world: World, test: int, k6: K6Cloud | None = None, **app: Any) -> list[str]:
    changed = replace(world.app, unscoped=k6 or world.app.unscoped, **app)
    return (await text_of_plan(start_load_test(changed, test))).splitlines()


def cost_in(lines: list[str]) -> str:
    return next(line for line in lines if line.startswith("Cost: "))


async def replace_script(world: World, test: int, text: str = SCRIPT) -> None:
    with Script.from_chunks([text.encode()]) as script:
        await world.k6.load_tests.upload_script(test, script)


async def ended_run(world: World, test: int) -> TestRun:
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect() as client:
        content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    return await world.k6.test_runs.get(run)


async def knows(script: Script) -> ScriptOptions:
    """Options that k6 would have read."""
    del script
    read: Json = {
        "vus": 6,
        "duration": "1m",
        "cloud": {
            "token": "secret",
            "distribution": {"a": {"loadZone": "amazon:us:ashburn", "percent": 100}},
        },
    }
    return ScriptOptions(read, by_k6=True)


async def breaks(script: Script) -> ScriptOptions:
    """What a k6 does that cannot read the script."""
    del script
    raise ScriptError("k6 cannot run the stored script: unknown module k6/x/faker. Nothing was started.")


async def test_the_price_is_that_of_validate_options(world: World):
    script = "export const options = { vus: 30, duration: '90s' }; export default () => {};"
    test = await world.new_test("Checkout", script)
    async with world.connect() as client:
        offer = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
        options = {"vus": 30, "duration": "90s"}
        price = content_of(await client.call_tool("validate_options", {"options": options}))
    lines = offer["preview"].splitlines()
    assert lines[0] == (
        f"Start load test 'Checkout' (id {test}) in project 'Default project' (id 1); "
        "k6 runs on this machine (sandbox): nothing is charged."
    )
    assert lines[1].startswith(f"Script: javascript, {len(script)} bytes, sha256 ")
    assert lines[2] == "Targets: no host found in the text of the script."
    assert lines[3].startswith(f"Cost: {price['vuh_usage']:g} VUh for up to 30 VUs over 1 min 30 s")
    assert lines[3].endswith("(options from the script, read by k6).")
    assert lines[4:] == ["It has never run."]


async def test_on_the_real_service_it_says_that_traffic_is_real(world: World):
    test = await world.new_test()
    assert (await lines_of(world, test, sandbox=False))[0].endswith("; it sends real traffic.")


async def test_the_load_zones_are_named(world: World):
    test = await world.new_test()
    assert "Load zones: amazon:us:ashburn 100 %." in await lines_of(world, test, inspect_script=knows)


@pytest.mark.parametrize("options", [{"cloud": "x"}, {"cloud": {"distribution": [1]}}, {"ext": []}])
async def test_options_of_odd_shapes_name_no_load_zones(
    world: World, through: Callable[..., K6Cloud], options: Json
):
    test = await world.new_test()

    async def odd(script: Script) -> ScriptOptions:
        del script
        return ScriptOptions(options, by_k6=True)

    async def fail(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(500) if request.url.path.endswith("validate_options") else None

    lines = await lines_of(world, test, inspect_script=odd, k6=through(fail))
    assert not any(line.startswith("Load zones") for line in lines)


async def test_the_token_in_the_options_is_not_sent(world: World, through: Callable[..., K6Cloud]):
    test = await world.new_test()
    sent: list[bytes] = []

    async def look(request: httpx.Request) -> None:
        sent.append(request.content)

    lines = await lines_of(world, test, inspect_script=knows, k6=through(look))
    assert b"amazon:us:ashburn" in b"".join(sent)
    assert b"secret" not in b"".join(sent)
    assert "secret" not in "".join(lines)


async def test_without_k6_and_an_earlier_run_the_cost_is_unknown(world: World):
    test = await world.new_test()
    assert cost_in(await lines_of(world, test, inspect_script=None)) == (
        "Cost: unknown (there is no k6 here to read the script's options, and no earlier run)."
    )


async def test_without_k6_the_price_is_that_of_the_newest_run_and_says_so(world: World):
    test = await world.new_test(script=ONCE)
    run = await ended_run(world, test)
    lines = await lines_of(world, test, inspect_script=None)
    assert cost_in(lines).endswith(f"(options as in run {run.id}, of the same script).")
    assert lines[-1] == f"Last run: {run.id}, {run.created:%Y-%m-%d %H:%M} UTC, passed."


async def test_the_price_of_an_earlier_script_says_that_it_may_have_changed(world: World):
    test = await world.new_test(script=ONCE)
    run = await ended_run(world, test)
    await replace_script(world, test)
    plan = await start_load_test(replace(world.app, inspect_script=None), test)
    assert isinstance(plan, Plan)
    assert plan.preview is not None
    assert cost_in(plan.preview.text.splitlines()).endswith(
        f"(options as in run {run.id}; the script may have changed since)."
    )
    assert plan.load == PlannedLoad.of(None, None)


async def test_the_load_is_that_of_the_script(world: World):
    test = await world.new_test(script=SCRIPT.replace("'1s'", "'2m'").replace("vus: 2", "vus: 30"))
    plan = await start_load_test(world.app, test)
    assert isinstance(plan, Plan)
    assert plan.load == PlannedLoad.of(1.5, 30)


async def test_the_targets_stand_in_the_preview(world: World):
    test = await world.new_test(script=ONCE + "\n// https://shop.example/cart and https://${host}/")
    assert "Targets: shop.example (found in the text of the script; some hosts are computed)." in (
        await lines_of(world, test)
    )


async def test_what_is_left_of_a_monthly_limit_is_told(world: World):
    await world.k6.limits.update(1, PatchProjectLimits(vuh_max_per_month=50))
    test = await world.new_test(script=ONCE)
    await ended_run(world, test)
    assert "Monthly limit of its project: 50 VUh, about 50 left." in await lines_of(world, test)


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (503, ["Monthly limit of its project: not known (the service answered 503, Service Unavailable)."]),
        (403, []),
    ],
)
async def test_a_limit_that_cannot_be_read_is_not_made_up(
    world: World, through: Callable[..., K6Cloud], status: int, lines: list[str]
):
    test = await world.new_test(script=ONCE)

    async def fail(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(status) if request.url.path.endswith("/limits") else None

    shown = await lines_of(world, test, k6=through(fail))
    assert [line for line in shown if line.startswith("Monthly")] == lines


async def test_the_newest_run_is_always_named_so_that_the_next_start_has_another_key(world: World):
    test = await world.new_test(script=LONG)
    await world.k6.load_tests.start(test)
    newer = (await world.k6.load_tests.start(test)).id
    await world.k6.test_runs.abort(newer)
    async with world.connect() as client:
        content_of(await client.call_tool("wait_for_test_run", {"test_run_id": newer}))
    assert (await lines_of(world, test))[-2].startswith(f"Last run: {newer}, ")


async def test_a_run_under_way_is_mentioned(world: World):
    test = await world.new_test(script=LONG)
    run = (await world.k6.load_tests.start(test)).id
    newer = (await world.k6.load_tests.start(test)).id
    await world.k6.test_runs.abort(newer)
    assert (await lines_of(world, test))[
        -1
    ] == f"Run {run} of this test has not ended: this would be one more."


async def test_a_test_without_a_script_is_not_started_and_nobody_is_asked(world: World):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert text_of(refused) == (
        f"Not started: load test {test} has no script. Set one with upload_load_test_script first."
    )


async def test_a_script_that_k6_cannot_read_is_not_started_and_nobody_is_asked(world: World):
    test = await world.new_test(script="export default function () {")
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert text_of(refused).startswith("Not started: k6 cannot read the script: ")
    assert "Unexpected end of input" in text_of(refused)


async def test_the_real_service_may_run_what_k6_here_cannot_read(world: World):
    test = await world.new_test()
    lines = await lines_of(world, test, inspect_script=breaks, sandbox=False)
    assert cost_in(lines) == (
        "Cost: unknown (k6 on this machine cannot read the script, the service may: "
        "k6 cannot run the stored script: unknown module k6/x/faker. Nothing was started)."
    )


async def test_options_that_the_service_refuses_are_not_started_and_nobody_is_asked(world: World):
    test = await world.new_test(script=SCRIPT.replace("vus: 2", "vus: 100000"))
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert text_of(refused).startswith(
        "Not started: the service refuses the options (from the script, read by k6). "
        "POST /cloud/v6/validate_options answered 400: "
    )
    assert "100000 VUs" in text_of(refused)


async def test_options_of_an_earlier_run_that_are_refused_now_do_not_stand_in_the_way(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test(script=ONCE)
    run = await ended_run(world, test)
    await replace_script(world, test)

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(400) if request.url.path.endswith("validate_options") else None

    assert cost_in(await lines_of(world, test, inspect_script=None, k6=through(refuse))) == (
        f"Cost: unknown (no price for the options as in run {run.id}; the script may have changed since: "
        "the service answered 400, Bad Request)."
    )


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx.Response(500), "the service answered 500, Internal Server Error"),
        (httpx.ReadTimeout("timed out"), "the service gave no usable answer"),
    ],
    ids=["500", "no answer"],
)
async def test_a_price_that_cannot_be_read_is_unknown(
    world: World, through: Callable[..., K6Cloud], failure: httpx.Response | Exception, reason: str
):
    test = await world.new_test()

    async def fail(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("validate_options"):
            return None
        if isinstance(failure, Exception):
            raise failure
        return failure

    assert cost_in(await lines_of(world, test, k6=through(fail))) == (
        f"Cost: unknown (no price for the options from the script, read by k6: {reason})."
    )


COMPUTED = """
export const options = {{ vus: {vus}, iterations: 50, tags: {{ seen: `${{{seen}}}` }} }};
export default function () {{}}
"""


@pytest.mark.parametrize(
    ("vus", "seen"),
    [
        # Another value at each reading; `seen` makes sure that no two readings are the same by chance.
        ("1 + Date.now() % 50", "Date.now()"),
        ("Math.ceil(Math.random() * 50)", "Math.random()"),
        ("2", "new Date().getTime()"),
    ],
)
async def test_a_sandbox_does_not_run_options_that_nobody_was_shown(world: World, vus: str, seen: str):
    run = await _started_run(world, COMPUTED.format(vus=vus, seen=seen))
    assert (run.status, run.result, run.max_vus) == ("aborted", "error", None)
    assert run.result_details
    assert "read otherwise than in the preview" in (run.result_details.message or "")


@pytest.mark.parametrize("vus", ["2", "Date.now() > 0 ? 2 : 50", "Number(__ENV.VUS || 2)"])
async def test_a_sandbox_runs_the_options_that_were_shown(world: World, vus: str):
    run = await _started_run(world, COMPUTED.format(vus=vus, seen="1"))
    assert (run.result, run.max_vus) == ("passed", 2)


async def test_a_start_without_a_preview_runs_the_options_of_its_own_reading(world: World):
    test = await world.new_test(script=COMPUTED.format(vus="2", seen="Math.random()"))
    run = await ended_run(world, test)
    assert (run.result, run.max_vus) == ("passed", 2)


async def _started_run(world: World, script: str) -> TestRun:
    test = await world.new_test(script=script)
    async with world.connect(answer={"decision": "go ahead"}) as client:
        started = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
        run = started["result"]["test_run_id"]
        content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))
    return await world.k6.test_runs.get(run)


@pytest.mark.parametrize(
    ("vus", "reason"),
    [("Number(__ENV.VUS || 2)", "__ENV"), ("new Date().getDay() + 1", "Date"), ("n()", "n()")],
)
async def test_a_price_of_options_that_may_change_is_uncertain_and_no_ceiling_relies_on_it(
    world: World, vus: str, reason: str
):
    test = await world.new_test(script=COMPUTED.format(vus=vus, seen="1") + "function n() { return 2 }")
    plan = await start_load_test(world.app, test)
    assert isinstance(plan, Plan)
    assert plan.preview
    assert re.search(rf"Cost: .+uncertain, because of .*{re.escape(reason)}", plan.preview.shown)
    assert plan.load == PlannedLoad.of(None, None)
