from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.connection import connect
from k6_cloud.retries import NO_RETRIES
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling
from k6_cloud_mcp_tools.guard.policy import PlannedLoad, Policy
from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours

ALWAYS = QuietHours(time(0), time(23, 59, 59, 999999), ZoneInfo("UTC"))
NIGHT = QuietHours(time(22), time(6), ZoneInfo("Europe/Berlin"))


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


@pytest.mark.parametrize(
    ("policy", "within", "over"),
    [
        (Policy(max_vus=100), PlannedLoad(1, 100), PlannedLoad(1, 101)),
        (Policy(max_vuh_per_run=2), PlannedLoad(2, 10), PlannedLoad(2.01, 10)),
        (Policy(max_vuh_per_day=5), PlannedLoad(5, 10), PlannedLoad(5.01, 10)),
        (Policy(max_vus=100), PlannedLoad(None, 100), PlannedLoad(1, None)),
        (Policy(max_vuh_per_run=2), PlannedLoad(0, None), PlannedLoad(None, 10)),
        (Policy(max_vuh_per_day=5), PlannedLoad(0, None), PlannedLoad(None, 10)),
    ],
    ids=["VUs", "run", "day", "unknown VUs", "unknown price of a run", "unknown price for the day"],
)
async def test_a_ceiling_lets_through_what_is_known_to_be_within_it(
    policy: Policy, within: PlannedLoad, over: PlannedLoad
):
    assert await verdict(policy, within) is None
    assert "K6_MCP_MAX_VU" in str(await verdict(policy, over))


async def test_without_a_ceiling_an_unknown_cost_is_none_of_the_policys_business():
    assert await verdict(Policy(), PlannedLoad(None, None)) is None
    assert await verdict(Policy(max_vus=1), None) is None


async def test_the_days_ceiling_counts_what_the_runs_of_today_cost():
    policy = Policy(max_vuh_per_day=5)
    assert await verdict(policy, PlannedLoad(2, 1), run_of(3)) is None
    reason = await verdict(policy, PlannedLoad(2.5, 1), run_of(3))
    assert reason == "today's runs cost 3 VUh, this one 2.5 more, and K6_MCP_MAX_VUH_PER_DAY is 5"


async def test_a_run_whose_cost_is_not_known_yet_keeps_the_next_one_from_starting():
    reason = await verdict(Policy(max_vuh_per_day=5), PlannedLoad(1, 1), run_of(None, "created"))
    assert "what was spent today is unknown (run 7 has no cost yet)" in str(reason)


async def test_a_schedule_must_fit_its_busiest_day():
    policy = Policy(max_vuh_per_day=5)
    start = (datetime(2030, 1, 1, tzinfo=UTC),)
    assert await verdict(policy, PlannedLoad(1, 1, runs_per_day=5, starts=start)) is None
    assert "K6_MCP_MAX_VUH_PER_DAY is 5" in str(
        await verdict(policy, PlannedLoad(1, 1, runs_per_day=6, starts=start))
    )


async def test_nothing_starts_in_quiet_hours_now_or_by_schedule():
    load = PlannedLoad(1, 1)
    assert "it is that time now" in str(await verdict(Policy(quiet_hours=(ALWAYS,)), load))
    policy = Policy(quiet_hours=(NIGHT,))
    at_noon = PlannedLoad(1, 1, starts=(datetime(2030, 6, 1, 12, tzinfo=UTC),))
    at_midnight = PlannedLoad(
        1, 1, starts=(datetime(2030, 6, 1, 12, tzinfo=UTC), datetime(2030, 6, 1, 22, 30, tzinfo=UTC))
    )
    assert await verdict(policy, at_noon) is None
    assert "22:00-06:00 Europe/Berlin" in str(await verdict(policy, at_midnight))


@pytest.mark.parametrize(("hour", "quiet"), [(19, False), (20, True), (23, True), (3, True), (4, False)])
def test_quiet_hours_pass_midnight_in_their_own_time_zone(hour: int, quiet: bool):
    assert (datetime(2030, 6, 1, hour, tzinfo=UTC) in NIGHT) is quiet


@pytest.mark.parametrize("projects", [None, frozenset({1}), frozenset({2})], ids=["all", "own", "another"])
async def test_a_day_is_spent_from_by_the_whole_stack_whichever_projects_a_caller_may_see(
    projects: frozenset[int] | None,
):
    policy = Policy(max_vuh_per_day=5, projects=projects)
    reason = await verdict(policy, PlannedLoad(2, 1), run_of(4))
    assert reason == "today's runs cost 4 VUh, this one 2 more, and K6_MCP_MAX_VUH_PER_DAY is 5"
