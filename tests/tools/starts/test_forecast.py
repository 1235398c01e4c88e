"""Forecasts: what a plan starts, and what the active schedule of a test will start after a change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.servers import World

from k6_cloud.limits import PatchProjectLimits
from k6_cloud.models import LoadTest
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.guard.planned_load import no_other_runs
from k6_cloud_mcp_tools.starts.forecast import (
    Forecast,
    forecast_in_project,
    forecast_of,
    forecast_with_script,
    forecasts_of_project,
    load_of,
    next_starts,
)
from k6_cloud_mcp_tools.starts.pricing import Price

FIRST = datetime(2030, 1, 7, 2, tzinfo=UTC)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
DAILY = {"starts": TOMORROW, "recurrence_rule": {"frequency": "DAILY"}}
SMALL = "export const options = { vus: 1, duration: '30s' }; export default () => {};"
LARGE = "export const options = { vus: 40, duration: '30s' }; export default () => {};"


def plan(**given: Any) -> CreateSchedule:
    return CreateSchedule.model_validate({"starts": FIRST, **given})


async def scheduled(world: World, name: str = "Checkout", script: str = SMALL) -> LoadTest:
    test = await world.new_test(name, script)
    await world.k6.schedules.create(test, CreateSchedule.model_validate(DAILY))
    return await world.k6.load_tests.get(test)


@pytest.mark.parametrize(
    ("repeats", "month"),
    [
        ({}, "1 run, 2 VUh"),
        ({"recurrence_rule": {"frequency": "HOURLY", "interval": 5}}, "144 runs, 288 VUh"),
        ({"recurrence_rule": {"frequency": "WEEKLY", "byday": ["MO", "TU"]}}, "10 runs, 20 VUh"),
        ({"cron": {"schedule": "* * * * *", "time_zone": "UTC"}}, "43200 runs, 86400 VUh"),
    ],
)
def test_the_next_starts_and_the_cost_of_a_month_are_told(repeats: dict[str, Any], month: str):
    given = plan(**repeats)
    times = next_starts(given, FIRST - timedelta(minutes=1))
    forecast = Forecast(given, times, Price("2 VUh", vuh=2, most=4), no_other_runs)
    assert forecast.lines[0].startswith("Next starts (UTC): Mon 2030-01-07 02:00")
    assert forecast.lines[1:] == [
        "Cost of a run: 2 VUh.",
        f"Cost of the 30 days from the first start: {month}.",
    ]


def test_small_prices_are_added_up_before_they_are_rounded():
    hourly = plan(recurrence_rule={"frequency": "HOURLY"})
    price = Price("0.033 VUh", vuh=1 / 30, most=1 / 30)
    assert Forecast(hourly, [FIRST], price, no_other_runs).lines[2].endswith(": 720 runs, 24 VUh.")


def test_a_price_that_may_have_changed_is_no_price_for_a_ceiling():
    price = Price("2 VUh", vuh=2, most=3, max_vus=7, current=False)
    load = Forecast(plan(), [FIRST], price, no_other_runs).load
    assert [(run.vuh, run.max_vus, run.schedule) for run in load.runs] == [(None, None, plan())]


async def test_a_plan_is_forecast_with_the_price_of_the_stored_script(world: World):
    test = await world.k6.load_tests.get(await world.new_test(script=LARGE))
    forecast = await forecast_of(world.app, test, plan())
    assert forecast is not None
    [run] = forecast.load.runs
    assert (run.vuh, run.max_vus, run.schedule) == (pytest.approx(40 / 60), 40, plan())
    assert await forecast_of(world.app, test, plan(starts="2020-01-01T00:00:00Z")) is None


async def test_a_new_script_under_an_active_schedule_is_what_will_run(world: World):
    test = await scheduled(world)
    with Script.from_chunks([LARGE.encode()]) as script:
        forecast = await forecast_with_script(world.app, test, script)
    assert forecast is not None
    assert [(run.max_vus, run.vuh) for run in forecast.load.runs] == [(40, pytest.approx(40 / 60))]
    assert forecast.lines[0].startswith(f"Next starts (UTC): {TOMORROW:%a %Y-%m-%d %H:%M}, ")
    assert forecast.lines[1].startswith("Cost of a run: 0.67 VUh for up to 40 VUs")


async def test_without_a_schedule_or_with_one_that_is_switched_off_nothing_is_allowed_yet(world: World):
    test = await world.k6.load_tests.get(await world.new_test(script=SMALL))
    with Script.from_chunks([LARGE.encode()]) as script:
        assert await forecast_with_script(world.app, test, script) is None
        other = await scheduled(world, "Other")
        await world.k6.schedules.deactivate((await world.k6.schedules.of_load_test(other.id)).id)
        assert await forecast_with_script(world.app, other, script) is None


async def test_a_script_that_cannot_run_costs_nothing_and_says_why(world: World):
    test = await scheduled(world)
    with Script.from_chunks([b"export default function () {"]) as script:
        forecast = await forecast_with_script(world.app, test, script)
    assert forecast is not None
    assert (forecast.price.vuh, forecast.load.runs[0].max_vus) == (0, 0)
    assert "none, because it cannot run (" in forecast.lines[1]


async def test_a_test_is_priced_in_the_project_to_which_it_moves(world: World):
    test = await scheduled(world, script=LARGE)
    tight = (await world.k6.projects.create("Tight")).id
    await world.k6.limits.update(tight, PatchProjectLimits(vu_max_per_test=10))
    there, here = [
        await forecast_in_project(world.app, test, project) for project in (tight, test.project_id)
    ]
    assert there is not None
    assert here is not None
    assert "cannot run (the service refuses the options" in there.price.words
    assert here.load.runs[0].max_vus == 40


async def test_new_limits_let_run_what_the_schedules_of_the_project_start(world: World):
    first, second = await scheduled(world, "A"), await scheduled(world, "B", LARGE)
    await world.k6.limits.update(first.project_id, PatchProjectLimits(vu_max_per_test=10))
    forecasts = await forecasts_of_project(world.app, first.project_id)
    load = load_of(forecasts)
    assert load is not None
    # The limit that still holds does not make the second one free: it is about to go.
    assert {(run.name, run.max_vus) for run in load.runs} == {
        (f"load test {first.id}", 1),
        (f"load test {second.id}", 40),
    }
    assert await load.others(lambda _: True) == []
    assert load_of([]) is None


async def test_schedules_of_other_projects_count_beside_those_of_the_project(world: World):
    test = await scheduled(world)
    elsewhere = (await world.k6.projects.create("Elsewhere")).id
    other = await world.new_test("Other", LARGE, elsewhere)
    await world.k6.schedules.create(other, CreateSchedule.model_validate(DAILY))
    load = load_of(await forecasts_of_project(world.app, test.project_id))
    assert load is not None
    assert [run.name for run in await load.others(lambda _: True)] == [f"the schedule of load test {other}"]
