from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import Json, TestRun
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.spending import Spent, left_of, spent_this_month, spent_today, sum_of
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.guard.start_records import Start


def row(run: int, vuh: float | None = None, status: str = "completed", project: int = 1) -> Json:
    breakdown = {"protocol_vuh": 0, "browser_vuh": 0, "base_total_vuh": 0, "reduction_rate": 0}
    return {
        "id": run,
        "test_id": 1,
        "project_id": project,
        "created": "2026-01-01T00:00:00Z",
        "status": status,
        "status_details": {"type": status, "entered": "2026-01-01T00:00:00Z"},
        "cost": None if vuh is None else {"total_vuh": vuh, "breakdown": breakdown},
    }


def runs(*rows: Json) -> list[TestRun]:
    return [TestRun.model_validate(one) for one in rows]


def test_charges_and_estimates_add_up():
    assert sum_of(runs(row(1, 1.5), row(2, 0.5, "running"), row(3, 2, "aborted"))) == Spent(4)
    assert sum_of([]) == Spent(0)


def test_a_run_that_never_began_is_free():
    assert sum_of(runs(row(1, 1.5), row(2, None, "aborted"))) == Spent(1.5)


@pytest.mark.parametrize("status", ["created", "queued", "completed"])
def test_a_run_without_a_cost_makes_the_sum_unknown_and_is_named(status: str):
    assert sum_of(runs(row(1, 1.5), row(2, None, status))) == Spent(None, "run 2 has no cost yet")


async def test_all_pages_since_midnight_are_added(world: World, through: Callable[..., K6Cloud]):
    asked: list[httpx.URL] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if "$skip" in request.url.params:
            return httpx.Response(200, json={"value": [row(2, 2, project=2)]})
        link = "http://elsewhere/cloud/v6/test_runs?%24skip=1"
        return httpx.Response(200, json={"value": [row(1, 1)], "@nextLink": link})

    del world
    assert await spent_today(through(answer), StartLedger()) == Spent(3)
    after = datetime.fromisoformat(asked[0].params["created_after"])
    assert after == datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert asked[0].params["$top"] == "1000"


async def test_the_month_of_a_project_counts_no_other_project(through: Callable[..., K6Cloud]):
    asked: list[httpx.URL] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"value": [row(1, 1), row(2, None, "running", project=2)]})

    assert await spent_this_month(through(answer), 1) == Spent(1)
    assert datetime.fromisoformat(asked[0].params["created_after"]).day == 1


async def test_more_runs_than_can_be_read_are_not_half_counted(through: Callable[..., K6Cloud]):
    async def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("$skip", 0)) + 1
        link = f"{request.url.copy_with(query=None)}?%24skip={number}"
        return httpx.Response(200, json={"value": [row(number, 1)], "@nextLink": link})

    assert await spent_today(through(answer), StartLedger()) == Spent(None, "there are more than 20000 runs")


@pytest.mark.parametrize(
    ("limit", "spent", "vuh", "words"),
    [
        (500, Spent(123.4), 1, "500 VUh, about 380 left"),
        (500, Spent(127.4), 1, "500 VUh, about 370 left"),
        (500, Spent(499.5), 1, "500 VUh, about 0 left, which this run would pass"),
        (500, Spent(700), None, "500 VUh, about 0 left"),
        (20_000, Spent(1_234), 1, "20000 VUh, about 19000 left"),
        (7, Spent(1.26), 1, "7 VUh, about 5.7 left"),
        (1, Spent(0), 2, "1 VUh, about 1 left, which this run would pass"),
        (
            500,
            Spent(None, "run 2 has no cost yet"),
            1,
            "500 VUh, what is left is not known (run 2 has no cost yet)",
        ),
    ],
)
def test_what_is_left_is_said_in_words_that_last(limit: int, spent: Spent, vuh: Any, words: str):
    assert left_of(limit, spent, vuh) == words


NOW = datetime.now(UTC).replace(hour=12)


def today(
    run: int, vuh: float | None = None, status: str = "completed", ago: float = 0, test: int = 1
) -> Json:
    created = (NOW - timedelta(seconds=ago)).isoformat()
    return {**row(run, vuh, status), "created": created, "test_id": test}


def started(run: int | None = None, **facts: Any) -> Start:
    given: Json = {"load_test_id": 1, "caller": "me", "key": "key", "newest": 0, "most_vuh": 2, "run_id": run}
    return Start.model_validate({**given, "at": NOW - timedelta(seconds=1), **facts})


@pytest.mark.parametrize(
    ("listed", "known", "spent"),
    [
        ([], [started()], 2),
        ([], [started(7)], 2),
        ([], [started(7, charge=0.5)], 0.5),
        ([], [started(refused=True)], 0),
        ([], [started(at=NOW - timedelta(days=2))], 0),
        ([today(7, 0.5)], [started(7)], 0.5),
        ([today(7, 0.5, "running")], [started(7)], 2),
        ([today(7, 3, "running")], [started(7)], 3),
        ([today(7, None, "created")], [started(7)], 2),
        ([today(7, None, "aborted")], [started(7)], 0),
        # The run is listed, but the server was stopped before it could write down that it is the start's.
        ([today(7, 0.5)], [started()], 0.5),
        ([today(7, 0.5, test=2)], [started()], 2.5),
        ([today(7, 0.5)], [started(7), started(8, charge=1)], 1.5),
        ([today(7, 0.5), today(8, 1)], [started(7)], 1.5),
        # A sandbox was emptied, and gives its numbers anew.
        ([today(7, 0.5)], [started(7, charge=1, at=NOW - timedelta(hours=1))], 1.5),
    ],
    ids=[
        "no answer yet",
        "deleted, charge not known",
        "deleted, charge known",
        "refused",
        "another day",
        "ended",
        "under way",
        "under way, dearer than thought",
        "just created",
        "never began",
        "not settled",
        "not settled, and another test's run",
        "one of two deleted",
        "somebody else's run",
        "same number, another run",
    ],
)
async def test_each_run_counts_once_by_what_is_listed_or_by_what_the_ledger_knows(
    through: Callable[..., K6Cloud], listed: list[Json], known: list[Start], spent: float
):
    async def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(200, json={"value": listed})

    ledger = StartLedger()
    await ledger.store.write(lambda _: known)
    assert await spent_today(through(answer), ledger, NOW) == Spent(spent)


async def test_what_a_run_did_cost_is_remembered_when_it_is_seen(through: Callable[..., K6Cloud]):
    listed = [today(7, 0.5)]

    async def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(200, json={"value": listed})

    ledger = StartLedger()
    await ledger.store.write(lambda _: [started(7)])
    assert await spent_today(through(answer), ledger, NOW) == Spent(0.5)
    listed.clear()
    assert await spent_today(through(answer), ledger, NOW) == Spent(0.5)


async def test_a_start_of_unknown_cost_that_is_gone_makes_the_sum_unknown(through: Callable[..., K6Cloud]):
    async def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(200, json={"value": []})

    ledger = StartLedger()
    await ledger.store.write(lambda _: [started(7, most_vuh=None)])
    assert await spent_today(through(answer), ledger, NOW) == Spent(
        None, "it is not known what a start of load test 1 costs"
    )


SHORT = "export const options = { vus: 30, duration: '1s' }; export default () => {};"


@pytest.mark.parametrize("deleted", ["run", "test", "project"])
async def test_deleting_what_ran_does_not_give_back_what_was_spent(world: World, deleted: str):
    # A run takes 30 VUs for a minute, so half a VUh; the ceiling lets two of them start.
    project = (await world.k6.projects.create("Spare")).id
    allow = frozenset({"start_load_test", "delete_test_run", "delete_load_test", "delete_project"})
    policy = Policy(confirm="policy", allow=allow, max_vuh_per_day=1)
    results: list[str] = []
    async with world.connect(policy=policy) as client:
        for number in range(3):
            test = await world.new_test(f"Test {number}", SHORT, project)
            result = await client.call_tool("start_load_test", {"load_test_id": test})
            results.append("over" if "K6_MCP_MAX_VUH_PER_DAY is 1" in text_of(result) else "started")
            if result.is_error:
                break
            run = content_of(result)["result"]["test_run_id"]
            while not content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}))["result"]:
                pass
            gone = {"run": ("test_run", run), "test": ("load_test", test), "project": ("project", project)}[
                deleted
            ]
            done = await client.call_tool(f"delete_{gone[0]}", {f"{gone[0]}_id": gone[1]})
            assert content_of(done)["status"] == "done"
            if deleted == "project":
                project = (await world.k6.projects.create(f"Spare {number}")).id
    assert (await world.k6.test_runs.list(count=True)).count == 0
    assert results == ["started", "started", "over"]


async def test_a_run_that_a_schedule_or_somebody_else_started_counts_when_it_is_deleted_here(world: World):
    test = await world.new_test("Test", SHORT)
    run = (await world.k6.load_tests.start(test)).id
    while not (await world.k6.test_runs.get(run)).is_final:
        await anyio.sleep(0.05)
    policy = Policy(
        confirm="policy", allow=frozenset({"start_load_test", "delete_test_run"}), max_vuh_per_day=0.9
    )
    async with world.connect(policy=policy) as client:
        content_of(await client.call_tool("delete_test_run", {"test_run_id": run}))
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert "today's runs cost 0.5 VUh, this one 0.5 more, and K6_MCP_MAX_VUH_PER_DAY is 0.9" in text_of(
        refused
    )
