from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
import pytest
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.schedules import CreateSchedule, Cron
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours

EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
Mode = Literal["auto", "legacy"]
GO_AHEAD = {"decision": "go ahead"}
# A run of this costs 1 VUh, also if its last iterations hang.
HOUR = "export const options = { vus: 30, duration: '90s' }; export default () => {};"
NOW = datetime.now(UTC)
TOMORROW = (NOW + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
DAILY = {"frequency": "DAILY"}
EVERY_MINUTE = {"schedule": "* * * * *", "time_zone": "UTC"}


async def preview_of(world: World, test: int, starts: datetime = TOMORROW, **repeats: Any) -> list[str]:
    async with world.connect() as client:
        call = {"load_test_id": test, "starts": starts.isoformat(), **repeats}
        return content_of(await client.call_tool("create_load_test_schedule", call))["preview"].splitlines()


async def refusal(world: World, arguments: dict[str, Any]) -> str:
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("create_load_test_schedule", arguments)
    assert refused.is_error
    return text_of(refused)


async def scheduled(world: World, test: int, **plan: Any) -> dict[str, Any]:
    call = {"load_test_id": test, "starts": TOMORROW.isoformat(), **plan}
    async with world.connect(answer=GO_AHEAD) as client:
        return content_of(await client.call_tool("create_load_test_schedule", call))["result"]


@EVERY_ERA
async def test_no_single_call_schedules_a_test_for_a_client_that_cannot_ask(world: World, mode: Mode):
    test = await world.new_test(script=HOUR)
    call = {"load_test_id": test, "starts": TOMORROW.isoformat(), "recurrence_rule": DAILY}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("create_load_test_schedule", call))
        before = content_of(await client.call_tool("list_schedules", {}))
        confirmed = {**call, "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("create_load_test_schedule", confirmed))
        listed = content_of(await client.call_tool("list_schedules", {}))
        ids = {"schedule_id": done["result"]["id"]}
        got = content_of(await client.call_tool("get_schedule", ids))
        of_test = content_of(await client.call_tool("get_load_test_schedule", {"load_test_id": test}))
    assert before["total"] == 0
    assert done["confirmed_by"] == "token"
    assert done["result"].pop("changed") == {"schedule": [None, done["result"]["repeats"]]}
    assert done["result"] == {
        "id": ids["schedule_id"],
        "load_test_id": test,
        "starts": f"{TOMORROW:%Y-%m-%dT%H:%M:%SZ}",
        "repeats": f"DAILY from {TOMORROW:%Y-%m-%d %H:%M} UTC",
        "deactivated": False,
        "next_run": f"{TOMORROW:%Y-%m-%dT%H:%M:%SZ}",
        "created_by": "sandbox@localhost",
    }
    assert listed == {"rows": [done["result"]], "total": 1}
    assert got == of_test == done["result"]


async def test_the_times_of_a_schedule_may_have_any_zone(world: World):
    test, zone = await world.new_test(script=HOUR), timezone(timedelta(hours=-3, minutes=-30))
    starts, until = (TOMORROW + timedelta(days=days) for days in (0, 2))
    rule = {**DAILY, "until": until.astimezone(zone).isoformat()}
    made = await scheduled(world, test, starts=starts.astimezone(zone).isoformat(), recurrence_rule=rule)
    stored = await world.k6.schedules.get(made["id"])
    assert (made["starts"], made["next_run"]) == (f"{starts:%Y-%m-%dT%H:%M:%SZ}",) * 2
    assert stored.starts == starts
    assert stored.recurrence_rule is not None
    assert stored.recurrence_rule.until == until


@EVERY_ERA
async def test_a_person_schedules_a_test_and_one_who_says_stop_does_not(world: World, mode: Mode):
    test = await world.new_test(script=HOUR)
    call = {"load_test_id": test, "starts": TOMORROW.isoformat()}
    async with world.connect(mode=mode, answer={"decision": "stop"}) as client:
        stopped = await client.call_tool("create_load_test_schedule", call)
        none = await client.call_tool("get_load_test_schedule", {"load_test_id": test})
    async with world.connect(mode=mode, answer=GO_AHEAD) as client:
        done = content_of(await client.call_tool("create_load_test_schedule", call))
    assert text_of(stopped).startswith(
        "Not done: the user chose to stop.\n\nThe preview of this call was:\nSchedule "
    )
    assert "answered 404: " in text_of(none)
    assert done["confirmed_by"] == "person"
    assert done["result"]["repeats"] == f"once, at {TOMORROW:%Y-%m-%d %H:%M} UTC"


async def test_the_preview_tells_the_next_times_and_what_they_cost(world: World):
    test = await world.new_test(script=HOUR)
    times = ", ".join(f"{TOMORROW + timedelta(days=day):%a %Y-%m-%d %H:%M}" for day in range(5))
    head, *lines = await preview_of(world, test, recurrence_rule=DAILY)
    assert head == (
        f"Schedule load test 'Checkout' (id {test}), which then starts by itself, "
        "in the sandbox only while this server runs, and free."
    )
    assert lines == [
        f"Next starts (UTC): {times}.",
        "Cost of a run: 1 VUh for up to 30 VUs over 1 min 30 s (options from the script, read by k6).",
        "Cost of the 30 days from the first start: 30 runs, 30 VUh.",
    ]


@pytest.mark.parametrize(
    ("repeats", "cost"),
    [
        ({}, "1 run, 1 VUh"),
        ({"recurrence_rule": {"frequency": "HOURLY"}}, "720 runs, 720 VUh"),
        ({"recurrence_rule": {"frequency": "WEEKLY", "count": 2}}, "2 runs, 2 VUh"),
        ({"recurrence_rule": {"frequency": "YEARLY"}}, "1 run, 1 VUh"),
        ({"cron": {"schedule": "@daily", "time_zone": "UTC"}}, "30 runs, 30 VUh"),
        ({"cron": EVERY_MINUTE}, "43200 runs, 43200 VUh"),
    ],
    ids=["once", "hourly", "twice", "yearly", "cron", "every minute"],
)
async def test_the_price_of_30_days_counts_the_starts(world: World, repeats: dict[str, Any], cost: str):
    test = await world.new_test(script=HOUR)
    lines = await preview_of(world, test, **repeats)
    assert lines[3] == f"Cost of the 30 days from the first start: {cost}."


async def test_on_the_real_service_it_says_that_each_run_is_charged(world: World):
    test = await world.new_test(script=HOUR)
    async with world.connect(sandbox=False) as client:
        call = {"load_test_id": test, "starts": TOMORROW.isoformat()}
        offer = content_of(await client.call_tool("create_load_test_schedule", call))
    assert (
        offer["preview"].splitlines()[0].endswith(", which then starts by itself, and is charged each time.")
    )


async def test_a_first_start_far_off_does_not_make_it_cheap(world: World):
    test = await world.new_test(script=HOUR)
    lines = await preview_of(world, test, TOMORROW + timedelta(days=90), recurrence_rule=DAILY)
    assert lines[3].endswith(": 30 runs, 30 VUh.")


async def test_a_rule_that_began_long_ago_goes_on_from_now(world: World):
    test = await world.new_test(script=HOUR)
    lines = await preview_of(world, test, TOMORROW - timedelta(days=1000), recurrence_rule=DAILY)
    first = TOMORROW if TOMORROW - timedelta(days=1) < datetime.now(UTC) else TOMORROW - timedelta(days=1)
    assert f"{first:%a %Y-%m-%d %H:%M}, " in lines[1]


async def test_a_price_that_is_not_known_is_not_made_up(world: World):
    test = await world.new_test(script=HOUR)
    async with world.connect(inspect_script=None) as client:
        call = {"load_test_id": test, "starts": TOMORROW.isoformat(), "recurrence_rule": DAILY}
        offer = content_of(await client.call_tool("create_load_test_schedule", call))
    assert "Cost of a run: unknown (there is no k6 here" in offer["preview"]
    assert offer["preview"].endswith(": 30 runs, price unknown.")


async def test_a_schedule_that_is_replaced_is_named(world: World):
    test = await world.new_test(script=HOUR)
    rule = {"frequency": "WEEKLY", "interval": 2, "byday": ["MO", "FR"], "count": 9}
    first = await scheduled(world, test, recurrence_rule=rule)
    cron = {"schedule": "30 4 * * *", "time_zone": "Europe/Berlin"}
    assert (await preview_of(world, test, cron=cron))[4:] == [
        f"It replaces the schedule the test has: WEEKLY every 2 on MO, FR 9 times from {TOMORROW:%Y-%m-%d %H:%M} UTC."
    ]
    second = await scheduled(world, test, cron=cron)
    assert second["repeats"] == "cron 30 4 * * * in Europe/Berlin"
    assert second["id"] == first["id"]
    assert second["changed"] == {"schedule": [first["repeats"], second["repeats"]]}


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"starts": "2020-01-01T00:00:00Z"}, "it would never start. Give a time in the future"),
        (
            {"starts": "2020-01-01T00:00:00Z", "recurrence_rule": {**DAILY, "until": "2020-02-01T00:00:00Z"}},
            "it would never start.",
        ),
        (
            {"recurrence_rule": {**DAILY, "until": "2020-02-01T00:00:00Z"}},
            "recurrence_rule.until: until lies before starts",
        ),
        ({"cron": {"schedule": "0 0 30 2 *", "time_zone": "UTC"}}, ""),
        (
            {"cron": {"schedule": "* * * *", "time_zone": "UTC"}},
            "cron.schedule: A cron line has exactly 5 fields",
        ),
        ({"cron": {"schedule": "61 * * * *", "time_zone": "UTC"}}, "cron.schedule: The cron line is wrong"),
        ({"cron": {"schedule": "@reboot", "time_zone": "UTC"}}, "cron.schedule: "),
        ({"cron": {"schedule": "@daily", "time_zone": "Berlin"}}, "cron.time_zone: 'Berlin' is no time zone"),
        ({"recurrence_rule": DAILY, "cron": EVERY_MINUTE}, "give recurrence_rule or cron, not both."),
    ],
)
async def test_a_plan_that_cannot_be_is_refused_and_nobody_is_asked(
    world: World, plan: dict[str, Any], reason: str
):
    test = await world.new_test(script=HOUR)
    words = await refusal(world, {"load_test_id": test, "starts": TOMORROW.isoformat(), **plan})
    assert words.startswith(f"Not scheduled: {reason}")


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"starts": "2030-01-01T00:00:00"}, "starts: should have timezone info."),
        (
            {"recurrence_rule": {"frequency": "DAILY", "byday": ["MO"]}},
            "byday can be given with frequency WEEKLY",
        ),
        ({"recurrence_rule": {"frequency": "SECONDLY"}}, "recurrence_rule.frequency: should be 'HOURLY', "),
        ({"recurrence_rule": {"frequency": "DAILY", "interval": 0}}, "recurrence_rule.interval: should be "),
        ({"cron": {"schedule": "@daily"}}, "cron.time_zone: Field required."),
    ],
)
async def test_arguments_of_the_wrong_form_are_named(world: World, plan: dict[str, Any], reason: str):
    words = await refusal(world, {"load_test_id": 1, "starts": TOMORROW.isoformat(), **plan})
    assert words.startswith("create_load_test_schedule was not called:\n- ")
    assert reason in words


async def test_a_test_that_cannot_run_is_not_scheduled(world: World):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    assert await refusal(world, {"load_test_id": test, "starts": TOMORROW.isoformat()}) == (
        f"Not scheduled: load test {test} has no script. Set one with upload_load_test_script first."
    )


@EVERY_ERA
async def test_a_schedule_is_switched_off_and_on_again(world: World, mode: Mode):
    schedule = await scheduled(world, await world.new_test(script=HOUR), recurrence_rule=DAILY)
    ids = {"schedule_id": schedule["id"]}
    async with world.connect(mode=mode) as client:
        off = content_of(await client.call_tool("deactivate_schedule", ids))
        offer = content_of(await client.call_tool("activate_schedule", ids))
        confirmed = {**ids, "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("activate_schedule", confirmed))
        again = content_of(await client.call_tool("activate_schedule", ids))
    schedule.pop("changed")
    assert off.pop("changed") == {"deactivated": [False, True]}
    assert done["result"].pop("changed") == {"deactivated": [True, False]}
    assert off == {**schedule, "deactivated": True}
    lines = offer["preview"].splitlines()
    assert lines[0].startswith(f"Activate schedule {schedule['id']} of load test 'Checkout' (id ")
    assert f"): {schedule['repeats']}; it then starts by itself, " in lines[0]
    assert lines[1].startswith(f"Next starts (UTC): {TOMORROW:%a %Y-%m-%d %H:%M}, ")
    assert lines[2].startswith("Cost of a run: 1 VUh for up to 30 VUs over 1 min 30 s ")
    assert lines[3] == "Cost of the 30 days from the first start: 30 runs, 30 VUh."
    assert (done["confirmed_by"], done["result"]) == ("token", schedule)
    assert again["confirmed_by"] == "not needed"


@pytest.mark.parametrize("deactivated", [False, True])
async def test_a_schedule_that_has_expired_is_not_activated_and_nobody_is_asked(
    world: World, through: Callable[..., K6Cloud], deactivated: bool
):
    schedule = {"id": 7, "load_test_id": 1, "starts": "2020-01-01T00:00:00Z", "deactivated": deactivated}

    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=schedule)

    async with world.connect(k6=through(answer), confirm="ask") as client:
        refused = await client.call_tool("activate_schedule", {"schedule_id": 7})
    assert text_of(refused) == (
        "Not activated: schedule 7 has expired. Set a new one with create_load_test_schedule."
    )


async def test_an_expired_schedule_has_no_next_run(world: World):
    test = await world.new_test(script=HOUR)
    plan = CreateSchedule.model_validate({"starts": NOW - timedelta(days=1)})
    schedule = await world.k6.schedules.create(test, plan)
    async with world.connect() as client:
        got = content_of(await client.call_tool("get_schedule", {"schedule_id": schedule.id}))
    assert "next_run" not in got


@EVERY_ERA
async def test_a_schedule_is_deleted_once_that_is_confirmed(world: World, mode: Mode):
    test = await world.new_test(script=HOUR)
    schedule = await scheduled(world, test)
    ids = {"schedule_id": schedule["id"]}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("delete_schedule", ids))
    assert offer["preview"] == (
        f"Delete schedule {schedule['id']} of load test 'Checkout' (id {test}): {schedule['repeats']}. "
        "The test and its runs stay."
    )
    async with world.connect(mode=mode, answer=GO_AHEAD) as client:
        done = content_of(await client.call_tool("delete_schedule", ids))
        gone = await client.call_tool("get_schedule", ids)
        test_stays = await client.call_tool("get_load_test", {"load_test_id": test})
    schedule.pop("changed")
    assert (done["confirmed_by"], done["result"]) == ("person", schedule)
    assert "answered 404: " in text_of(gone)
    assert not test_stays.is_error


async def test_schedules_are_listed_in_pages(world: World):
    cron = Cron(schedule="@daily", time_zone="UTC")
    for name in ("A", "B", "C"):
        test = await world.new_test(name)
        await world.k6.schedules.create(test, CreateSchedule(starts=TOMORROW, cron=cron))
    async with world.connect() as client:
        first = content_of(await client.call_tool("list_schedules", {"limit": 2}))
        rest = content_of(await client.call_tool("list_schedules", {"limit": 2, "skip": first["next_skip"]}))
    assert (len(first["rows"]), len(rest["rows"]), rest["total"]) == (2, 1, 3)
    assert {row["repeats"] for row in first["rows"]} == {"cron @daily in UTC"}


async def test_a_schedule_is_held_against_the_ceilings_with_all_its_starts(world: World):
    test = await world.new_test(script=HOUR)
    call = {"load_test_id": test, "starts": TOMORROW.isoformat(), "recurrence_rule": {"frequency": "HOURLY"}}
    async with world.connect(policy=Policy(max_vuh_per_day=23)) as client:
        refused = await client.call_tool("create_load_test_schedule", call)
    assert "it adds 24 runs for up to 24 VUh" in text_of(refused)
    quiet = QuietHours(time(3), time(4), ZoneInfo("UTC"))
    async with world.connect(policy=Policy(quiet_hours=(quiet,))) as client:
        refused = await client.call_tool("create_load_test_schedule", call)
    assert "no load test may start in the quiet hours" in text_of(refused)
