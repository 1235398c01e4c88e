"""Writes that change what an active schedule will run: shown with its price, and held to the ceilings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.servers import World, content_of, text_of

from k6_cloud.limits import PatchProjectLimits
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.storage.script_files import Backups

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
SMALL = "export const options = { vus: 1, duration: '30s' }; export default () => {};"
LARGE = "export const options = { vus: 40, duration: '30s' }; export default () => {};"
DAILY = {"recurrence_rule": {"frequency": "DAILY"}}
NEXT = f"next at {TOMORROW:%a %Y-%m-%d %H:%M} UTC"
PRICE = "Cost of a run: 0.67 VUh for up to 40 VUs"
OVER = "load test {} takes 40 VUs, and K6_MCP_MAX_VUS is 5"


@pytest.fixture
def kept(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "kept", max_mib=2, days=30)


async def scheduled(world: World, script: str | None = SMALL, **repeats: Any) -> int:
    test = (
        await world.new_test(script=script) if script else (await world.k6.load_tests.create(1, "Empty")).id
    )
    await world.k6.schedules.create(
        test, CreateSchedule.model_validate({"starts": TOMORROW, **(repeats or DAILY)})
    )
    return test


async def refused(world: World, tool: str, policy: Policy, **arguments: Any) -> str:
    async with world.connect(policy=policy) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    return text_of(result)


async def previewed(world: World, tool: str, **arguments: Any) -> str:
    async with world.connect() as client:
        return content_of(await client.call_tool(tool, arguments))["preview"]


ALL = [
    Policy(max_vus=5),
    Policy(max_vus=5, confirm="policy", allow=frozenset({"upload_load_test_script"})),
    Policy(max_vus=5, confirm="two_step"),
]


@pytest.mark.parametrize("policy", ALL, ids=["a person", "policy", "token"])
async def test_a_larger_script_under_a_schedule_is_held_to_the_ceilings_whoever_confirms(
    world: World, policy: Policy
):
    test = await scheduled(world)
    text = await refused(world, "upload_load_test_script", policy, load_test_id=test, script=LARGE)
    assert OVER.format(test) in text
    with await world.k6.load_tests.download_script(test) as stored:
        assert stored.text() == SMALL


async def test_the_preview_shows_the_next_start_and_the_new_price(world: World):
    test = await scheduled(world)
    text = await previewed(world, "upload_load_test_script", load_test_id=test, script=LARGE)
    assert f"The active schedule of load test {test} (DAILY from {TOMORROW:%Y-%m-%d %H:%M} UTC)" in text
    assert NEXT in text
    assert PRICE in text


async def test_a_schedule_that_starts_within_the_hour_again_is_told_without_the_next_start(world: World):
    test = await scheduled(world, cron={"schedule": "*/5 * * * *", "time_zone": "UTC"})
    text = await previewed(world, "upload_load_test_script", load_test_id=test, script=LARGE)
    assert "(cron */5 * * * * in UTC) starts this by itself." in text


async def test_the_first_script_of_a_test_with_a_schedule_is_confirmed_and_held_to_the_ceilings(world: World):
    test = await scheduled(world, None)
    text = await previewed(world, "upload_load_test_script", load_test_id=test, script=LARGE)
    assert text.startswith(f"Set the script of load test 'Empty' (id {test}): javascript, ")
    assert PRICE in text
    policy = Policy(max_vus=5)
    assert OVER.format(test) in await refused(
        world, "upload_load_test_script", policy, load_test_id=test, script=LARGE
    )


async def test_what_a_switched_off_schedule_would_run_is_not_counted_until_it_is_activated(world: World):
    test = await scheduled(world)
    schedule = await world.k6.schedules.of_load_test(test)
    await world.k6.schedules.deactivate(schedule.id)
    policy = Policy(
        max_vus=5, confirm="policy", allow=frozenset({"upload_load_test_script", "activate_schedule"})
    )
    async with world.connect(policy=policy) as client:
        arguments = {"load_test_id": test, "script": LARGE}
        content_of(await client.call_tool("upload_load_test_script", arguments))
        activated = await client.call_tool("activate_schedule", {"schedule_id": schedule.id})
    assert "takes 40 VUs, and K6_MCP_MAX_VUS is 5" in text_of(activated)


async def test_a_restored_script_is_held_to_the_ceilings(world: World, kept: Backups):
    test = await scheduled(world)
    with Script.from_chunks([LARGE.encode()]) as large:
        await kept.keep(large, 1)
        sha256 = large.sha256
    async with world.connect(policy=Policy(max_vus=5), kept_scripts=kept) as client:
        arguments = {"load_test_id": test, "sha256": sha256}
        result = await client.call_tool("restore_load_test_script", arguments)
    assert OVER.format(test) in text_of(result)


async def test_a_move_shows_what_its_schedule_costs_there_and_is_held_to_the_ceilings(world: World):
    test = await scheduled(world, LARGE)
    target = (await world.k6.projects.create("Elsewhere")).id
    arguments = {"load_test_id": test, "project_id": target}
    text = await previewed(world, "move_load_test", **arguments)
    assert NEXT in text
    assert PRICE in text
    assert OVER.format(test) in await refused(world, "move_load_test", Policy(max_vus=5), **arguments)


async def test_a_limit_that_is_raised_lets_schedules_start_what_ceilings_forbid_but_a_lower_one_does_not(
    world: World,
):
    test = await scheduled(world, LARGE)
    await world.k6.limits.update(1, PatchProjectLimits(vu_max_per_test=10))
    raised = {"project_id": 1, "vu_max_per_test": 100}
    assert PRICE in await previewed(world, "update_project_limits", **raised)
    policy = Policy(max_vus=5)
    assert OVER.format(test) in await refused(world, "update_project_limits", policy, **raised)
    removed = {"project_id": 1, "vu_max_per_test": 0}
    assert OVER.format(test) in await refused(world, "update_project_limits", policy, **removed)
    async with world.connect(policy=policy) as client:
        lowered = await client.call_tool("update_project_limits", {"project_id": 1, "vu_max_per_test": 5})
    assert content_of(lowered)["preview"].endswith("vu_max_per_test: 10 → 5.")
