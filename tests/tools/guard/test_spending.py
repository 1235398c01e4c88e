from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.servers import World

from k6_cloud.client import K6Cloud
from k6_cloud.models import Json, TestRun
from k6_cloud_mcp_tools.guard.spending import Spent, left_of, spent_this_month, spent_today, sum_of


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
    assert await spent_today(through(answer)) == Spent(3)
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

    assert await spent_today(through(answer)) == Spent(None, "there are more than 20000 runs")


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
