"""The ceilings of a policy, over single runs, and over each day of a year with all that is scheduled."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling, over_for_one_run
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad, PlannedRun
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours

ALWAYS = QuietHours(time(0), time(23, 59, 59, 999999), ZoneInfo("UTC"))
NIGHT = QuietHours(time(22), time(6), ZoneInfo("Europe/Berlin"))
NOW = datetime.now(UTC)
LATE_TODAY = NOW.replace(hour=23, minute=59, second=59, microsecond=999_999)
TOMORROW = (NOW + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)


def run_of(cost: float | None, status: str = "completed") -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    breakdown = {"protocol_vuh": cost, "browser_vuh": 0, "base_total_vuh": cost, "reduction_rate": 0}
    return {
        "id": 7,
        "test_id": 1,
        "project_id": 1,
        "created": now,
        "status": status,
        "status_details": {"type": status, "entered": now},
        "cost": None if cost is None else {"total_vuh": cost, "breakdown": breakdown},
    }


async def verdict(policy: Policy, load: PlannedLoad | None, *runs: dict[str, object]) -> str | None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/cloud/v6/test_runs"
        return httpx.Response(200, json={"value": list(runs), "@count": len(runs)})

    credentials = Credentials("token", 1)
    async with connect(credentials, "https://api.example.com", httpx.MockTransport(answer)) as http:
        return await over_a_ceiling(App(K6Cloud(http, retries=NO_RETRIES), policy=policy), load)


def schedule(
    starts: datetime = TOMORROW, cron: str | None = None, zone: str = "UTC", **rule: Any
) -> CreateSchedule:
    plan: dict[str, Any] = {"starts": starts, "recurrence_rule": rule or None}
    plan["cron"] = {"schedule": cron, "time_zone": zone} if cron else None
    return CreateSchedule.model_validate(plan)


def scheduled(vuh: float | None, plan: CreateSchedule, *others: PlannedRun) -> PlannedLoad:
    """A load by schedule, beside which others are active."""

    async def find(matters: Callable[[CreateSchedule], bool]) -> Sequence[PlannedRun]:
        return [run for run in others if run.schedule is None or matters(run.schedule)]

    return PlannedLoad((PlannedRun(vuh, 1, plan),), find)


@pytest.mark.parametrize(
    ("policy", "within", "over"),
    [
        (Policy(max_vus=100), PlannedLoad.of(1, 100), PlannedLoad.of(1, 101)),
        (Policy(max_vuh_per_run=2), PlannedLoad.of(2, 10), PlannedLoad.of(2.01, 10)),
        (Policy(max_vuh_per_day=5), PlannedLoad.of(5, 10), PlannedLoad.of(5.01, 10)),
        (Policy(max_vus=100), PlannedLoad.of(None, 100), PlannedLoad.of(1, None)),
        (Policy(max_vuh_per_run=2), PlannedLoad.of(0, None), PlannedLoad.of(None, 10)),
        (Policy(max_vuh_per_day=5), PlannedLoad.of(0, None), PlannedLoad.of(None, 10)),
    ],
    ids=["VUs", "run", "day", "unknown VUs", "unknown price of a run", "unknown price for the day"],
)
async def test_a_ceiling_lets_through_what_is_known_to_be_within_it(
    policy: Policy, within: PlannedLoad, over: PlannedLoad
):
    assert await verdict(policy, within) is None
    assert "K6_MCP_MAX_VU" in str(await verdict(policy, over))


async def test_without_a_ceiling_an_unknown_cost_is_none_of_the_policys_business():
    assert await verdict(Policy(), PlannedLoad.of(None, None)) is None
    assert await verdict(Policy(max_vus=1), None) is None


async def test_each_run_of_a_load_is_held_to_the_ceilings_and_named():
    load = PlannedLoad((PlannedRun(1, 5, name="load test 3"), PlannedRun(1, 40, name="load test 4")))
    assert await verdict(Policy(max_vus=40), load) is None
    assert await verdict(Policy(max_vus=39), load) == "load test 4 takes 40 VUs, and K6_MCP_MAX_VUS is 39"


async def test_the_days_ceiling_counts_what_the_runs_of_today_cost():
    policy = Policy(max_vuh_per_day=5)
    assert await verdict(policy, PlannedLoad.of(2, 1), run_of(3)) is None
    reason = await verdict(policy, PlannedLoad.of(2.5, 1), run_of(3))
    assert reason == "today's runs cost 3 VUh, this one 2.5 more, and K6_MCP_MAX_VUH_PER_DAY is 5"


async def test_a_run_whose_cost_is_not_known_yet_keeps_the_next_one_from_starting():
    reason = await verdict(Policy(max_vuh_per_day=5), PlannedLoad.of(1, 1), run_of(None, "created"))
    assert "what was spent today is unknown (run 7 has no cost yet)" in str(reason)


async def test_thirty_small_runs_fill_a_day_exactly():
    # Sixty charges of 1/30 are 2 VUh; rounded to 0.03 they would be 1.8, to 0.04 they would be 2.4.
    load = PlannedLoad((PlannedRun(1 / 30, 2, schedule(cron="*/30 10-23 * * *")),))
    assert await verdict(Policy(max_vuh_per_day=28 / 30), load) is None
    assert "28 runs" in str(await verdict(Policy(max_vuh_per_day=27.9 / 30), load))


@pytest.mark.parametrize(
    ("plan", "runs"),
    [
        (schedule(cron="* 12-13 31 * *", starts=datetime(2027, 1, 31, 13, 59, tzinfo=UTC)), 120),
        (schedule(cron="* 12-13 31 * *", starts=NOW.replace(second=0)), 120),
        (schedule(cron="*/10 0 29 2 *", starts=NOW), 0),
        (schedule(cron="0 0-5 1 1 *", starts=NOW, zone="Pacific/Auckland"), 6),
        (schedule(frequency="HOURLY"), 24),
        (schedule(frequency="HOURLY", interval=5), 5),
        (schedule(frequency="DAILY"), 1),
        (schedule(), 1),
    ],
    ids=[
        "a 31st, at its last minute",
        "a 31st",
        "leap day",
        "another zone",
        "hours",
        "5 hours",
        "days",
        "once",
    ],
)
async def test_a_schedule_must_fit_its_busiest_day_of_a_year(plan: CreateSchedule, runs: int):
    assert await verdict(Policy(max_vuh_per_day=max(runs, 1)), scheduled(1, plan)) is None
    if runs > 1:
        reason = await verdict(Policy(max_vuh_per_day=runs - 0.5), scheduled(1, plan))
        assert f"it adds {runs} runs for up to {runs} VUh, and K6_MCP_MAX_VUH_PER_DAY is" in str(reason)


async def test_several_schedules_that_each_fit_do_not_fit_together():
    policy = Policy(max_vuh_per_day=5)
    daily = PlannedRun(2, 1, schedule(frequency="DAILY"))
    assert await verdict(policy, scheduled(2, schedule(frequency="DAILY"), daily)) is None
    reason = await verdict(policy, scheduled(2, schedule(frequency="DAILY"), daily, daily))
    assert "it adds 1 run for up to 2 VUh, 2 runs of other schedules up to 4 VUh, and" in str(reason)


async def test_schedules_of_different_days_do_not_add_up():
    monday, tuesday = (schedule(cron=f"0 9 * * {day}") for day in ("MON", "TUE"))
    policy = Policy(max_vuh_per_day=5)
    assert await verdict(policy, scheduled(3, monday, PlannedRun(3, 1, tuesday))) is None
    assert "6" not in str(await verdict(policy, scheduled(3, monday, PlannedRun(2, 1, monday))))
    assert await verdict(policy, scheduled(3, monday, PlannedRun(2.5, 1, monday))) is not None


async def test_days_are_those_of_utc_wherever_a_schedule_counts_its_own():
    # Both at half past eleven in the evening of New York: the 10 hours between them lie in one day of UTC.
    late = schedule(cron="30 23 * * *", zone="America/New_York")
    early = schedule(cron="0 9 * * *", zone="America/New_York")
    assert await verdict(Policy(max_vuh_per_day=5), scheduled(3, late, PlannedRun(3, 1, early))) is not None
    before = schedule(cron="0 1 * * *", zone="Asia/Tokyo")
    only_the_day_after = scheduled(3, schedule(starts=TOMORROW.replace(hour=2)), PlannedRun(3, 1, before))
    assert await verdict(Policy(max_vuh_per_day=6), only_the_day_after) is None


async def test_a_start_leaves_room_for_what_is_scheduled_for_the_rest_of_today():
    later = PlannedRun(3, 1, schedule(starts=LATE_TODAY))

    async def find(matters: Callable[[CreateSchedule], bool]) -> Sequence[PlannedRun]:
        return [run for run in (later,) if run.schedule and matters(run.schedule)]

    load = PlannedLoad((PlannedRun(2, 1),), find)
    assert await verdict(Policy(max_vuh_per_day=5), load) is None
    reason = await verdict(Policy(max_vuh_per_day=5), load, run_of(1))
    assert "today's runs cost 1 VUh, 1 run of other schedules up to 3 VUh, this one 2 more, and" in str(
        reason
    )


async def test_a_schedule_that_begins_today_adds_to_what_is_spent():
    today = schedule(starts=LATE_TODAY)
    assert await verdict(Policy(max_vuh_per_day=5), scheduled(2, today), run_of(3)) is None
    assert "today's runs cost 4 VUh, this one 2 more" in str(
        await verdict(Policy(max_vuh_per_day=5), scheduled(2, today), run_of(4))
    )
    assert await verdict(Policy(max_vuh_per_day=5), scheduled(2, schedule()), run_of(40)) is None


async def test_another_schedule_of_unknown_cost_is_over_the_ceiling_on_its_days():
    unknown = PlannedRun(None, None, schedule(cron="0 9 * * MON"), name="the schedule of load test 12")
    policy = Policy(max_vuh_per_day=5)
    reason = await verdict(policy, scheduled(1, schedule(frequency="DAILY"), unknown))
    assert "the schedule of load test 12 will cost is unknown" in str(reason)
    assert await verdict(policy, scheduled(1, schedule(cron="0 9 * * TUE"), unknown)) is None


async def test_nothing_starts_in_quiet_hours_now_or_by_schedule():
    load = PlannedLoad.of(1, 1)
    assert "it is that time now" in str(await verdict(Policy(quiet_hours=(ALWAYS,)), load))
    policy = Policy(quiet_hours=(NIGHT,))
    noon, midnight = (schedule(starts=TOMORROW.replace(hour=hour, minute=30)) for hour in (12, 22))
    assert await verdict(policy, PlannedLoad.of(1, 1, noon)) is None
    assert "22:00-06:00 Europe/Berlin" in str(await verdict(policy, PlannedLoad.of(1, 1, midnight)))


@pytest.mark.parametrize(
    ("cron", "zone", "first"),
    [
        # 20:30 in UTC is 21:30 in Berlin until the last Sunday of March, and 22:30 after it.
        ("30 20 * * *", "UTC", "2027-03-28 20:30"),
        # Six in the morning of New York is noon in Berlin, but one in the morning there is six or seven here.
        ("30 0 * * *", "America/New_York", "2027-03-15 04:30"),
        ("30 6 * * *", "America/New_York", None),
        # Sydney's clocks go the other way in the same half year.
        ("0 7 * * *", "Australia/Sydney", "2027-03-28 20:00"),
        ("0 15 * * *", "Australia/Sydney", "2027-01-02 04:00"),
        ("30 21 * * *", "Europe/Berlin", None),
    ],
)
def test_quiet_hours_hold_across_changes_of_the_clock(cron: str, zone: str, first: str | None):
    begin = datetime(2027, 1, 1, 12, tzinfo=UTC)
    load = PlannedLoad.of(1, 1, schedule(cron=cron, zone=zone, starts=begin))
    reason = over_for_one_run(Policy(quiet_hours=(NIGHT,)), load, begin)
    assert reason is None if first is None else f"it would start at {first} UTC" in str(reason)


@pytest.mark.parametrize(("hour", "quiet"), [(19, False), (20, True), (23, True), (3, True), (4, False)])
def test_quiet_hours_pass_midnight_in_their_own_time_zone(hour: int, quiet: bool):
    assert (datetime(2030, 6, 1, hour, tzinfo=UTC) in NIGHT) is quiet


@pytest.mark.parametrize("projects", [None, frozenset({1}), frozenset({2})], ids=["all", "own", "another"])
async def test_a_day_is_spent_from_by_the_whole_stack_whichever_projects_a_caller_may_see(
    projects: frozenset[int] | None,
):
    policy = Policy(max_vuh_per_day=5, projects=projects)
    reason = await verdict(policy, PlannedLoad.of(2, 1), run_of(4))
    assert reason == "today's runs cost 4 VUh, this one 2 more, and K6_MCP_MAX_VUH_PER_DAY is 5"
