"""The runs of schedules that are active already, as a ceiling counts them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from support.servers import World

from k6_cloud.client import K6Cloud
from k6_cloud.planning.recurrence import starts_between
from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.guard.planned_load import PlannedRun
from k6_cloud_mcp_tools.starts.active_schedules import active_schedules, runs_of_others

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
DAILY = {"starts": TOMORROW, "recurrence_rule": {"frequency": "DAILY"}}
# 0.33 VUh, or 0.67 if its last iterations hang.
SCRIPT = "export const options = { vus: 20, duration: '31s' }; export default () => {};"


def anything(plan: CreateSchedule) -> bool:
    del plan
    return True


async def scheduled(world: World, name: str, script: str = SCRIPT, **plan: Any) -> int:
    test = await world.new_test(name, script)
    await world.k6.schedules.create(test, CreateSchedule.model_validate(plan or DAILY))
    return test


async def found(world: World, without: Sequence[int] = ()) -> list[PlannedRun]:
    runs = await runs_of_others(world.app, without)(anything)
    return sorted(runs, key=lambda run: run.name)


async def test_active_schedules_are_found_with_the_most_that_a_run_can_cost(world: World):
    test, own = [await scheduled(world, name) for name in ("A", "B")]
    [run] = await found(world, without=[own])
    assert (run.name, run.max_vus) == (f"the schedule of load test {test}", 20)
    assert run.vuh == pytest.approx(40 / 60)
    assert run.schedule is not None
    assert (run.schedule.starts, run.schedule.recurrence_rule and run.schedule.recurrence_rule.frequency) == (
        TOMORROW,
        "DAILY",
    )


async def test_what_is_switched_off_over_or_of_no_interest_is_left_out(world: World):
    switched_off = await scheduled(world, "A")
    await world.k6.schedules.deactivate((await world.k6.schedules.of_load_test(switched_off)).id)
    await scheduled(world, "B", starts=datetime.now(UTC) - timedelta(days=1))
    await scheduled(world, "C", starts=TOMORROW)
    assert [one.starts async for one in active_schedules(world.k6)] == [TOMORROW]
    assert await runs_of_others(world.app)(lambda plan: plan.starts != TOMORROW) == []


async def test_a_test_that_cannot_run_costs_nothing_and_one_of_unknown_price_is_named(world: World):
    await scheduled(world, "Broken", "export default function () {")
    assert await found(world) == []
    unknown = await scheduled(world, "Unknown")
    world.app = replace(world.app, inspect_script=None)
    runs = await found(world)
    assert [(run.vuh, run.name) for run in runs if run.name.endswith(str(unknown))] == [
        (None, f"the schedule of load test {unknown}")
    ]


@pytest.mark.parametrize(
    "plan",
    [
        {"recurrence_rule": {"frequency": "MINUTELY"}},
        {"cron": {"schedule": "*/1," * 200 + "1 * * * *", "time_zone": "UTC"}},
        {"cron": {"schedule": "61 * * * *", "time_zone": "UTC"}},
        {"cron": {"schedule": "0 * * * *", "time_zone": "Mars/Olympus"}},
    ],
)
async def test_a_schedule_that_cannot_be_read_is_of_unknown_cost(
    world: World, through: Callable[..., K6Cloud], plan: dict[str, Any]
):
    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/cloud/v6/schedules":
            return None
        row = {"id": 1, "load_test_id": 7, "starts": TOMORROW.isoformat(), "deactivated": False, **plan}
        return httpx.Response(200, json={"value": [{**row, "next_run": TOMORROW.isoformat()}]})

    world.app = replace(world.app, unscoped=through(answer))
    horizon = TOMORROW + timedelta(days=400)

    def matters(schedule: CreateSchedule) -> bool:
        return bool(starts_between(schedule, TOMORROW, horizon))

    assert await runs_of_others(world.app)(matters) == [
        PlannedRun(None, None, None, "the schedule of load test 7")
    ]


async def test_all_pages_are_read_and_tests_that_went_meanwhile_are_skipped(
    world: World, through: Callable[..., K6Cloud]
):
    gone, there = [await scheduled(world, name) for name in ("A", "B")]
    rows = [(await world.k6.schedules.of_load_test(test)).model_dump(mode="json") for test in (gone, there)]
    await world.k6.load_tests.delete(gone)

    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/cloud/v6/schedules":
            return None
        if "$skip" in request.url.params:
            return httpx.Response(200, json={"value": rows[1:]})
        link = f"{request.url.copy_with(query=None)}?%24skip=1"
        return httpx.Response(200, json={"value": rows[:1], "@nextLink": link})

    world.app = replace(world.app, unscoped=through(answer))
    assert [run.name for run in await found(world)] == [f"the schedule of load test {there}"]
