import re
from collections.abc import Awaitable, Callable
from datetime import timedelta, timezone
from typing import Any

import httpx
import pytest
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.operations.metrics import MAX_POINTS, MAX_SERIES

RunScript = Callable[..., Awaitable[TestRun]]
SHOPPING = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 2, duration: '3s' };
export default () => {
  http.get(`${__ENV.SANDBOX_URL}/demo/products`, { tags: { name: 'products' } });
  http.get(`${__ENV.SANDBOX_URL}/demo/products/99`, { tags: { name: 'missing' } });
  sleep(0.2);
};
"""
TAGGED = """
import { Counter } from 'k6/metrics';
const orders = new Counter('orders');
export const options = { iterations: 1 };
export default () => { TAGS.forEach((tag, i) => orders.add(i + 1, { item: tag })); };
"""
HOSTILE = ["it's", 'say "hi"', "back\\slash", "a/b?c#d%2F", "x'),metric='vus", "grüß {dich}", 'a"} or {b="']


def tagged(tags: list[str]) -> str:
    return TAGGED.replace("TAGS", repr(tags))


async def query(world: World, run: TestRun | int, metric: str, /, **arguments: Any) -> dict[str, Any]:
    call = {"test_run_id": run if isinstance(run, int) else run.id, "metric": metric, **arguments}
    async with world.connect() as client:
        return content_of(await client.call_tool("query_test_run_metrics", call))


async def refusal(world: World, run: TestRun, metric: str, /, **arguments: Any) -> str:
    call = {"test_run_id": run.id, "metric": metric, **arguments}
    async with world.connect() as client:
        refused = await client.call_tool("query_test_run_metrics", call)
    assert refused.is_error
    return text_of(refused)


async def test_the_metrics_of_a_run_are_listed_and_queried(world: World, run_script: RunScript):
    run = await run_script(SHOPPING)

    async with world.connect() as client:
        listed = content_of(await client.call_tool("list_test_run_metrics", {"test_run_id": run.id}))
    types = {row["name"]: row["type"] for row in listed["rows"]}
    assert [*types] == sorted(types)
    assert listed["total"] == len(types)
    wanted = {"http_reqs": "counter", "vus": "gauge", "http_req_failed": "rate", "http_req_duration": "trend"}
    assert types.items() >= wanted.items()

    p95 = await query(world, run, "http_req_duration")
    assert (p95["metric"], p95["type"], p95["method"]) == ("http_req_duration", "trend", "p95")
    fastest, longest = [
        (await query(world, run, "http_req_duration", method=method))["series"][0]["value"]
        for method in ("min", "max")
    ]
    assert 0 < fastest <= p95["series"][0]["value"] <= longest
    assert (await query(world, run, "vus", method="max"))["series"] == [{"value": 2.0}]
    assert (await query(world, run, "http_req_failed"))["series"] == [{"value": 0.5}]

    total = (await query(world, run, "http_reqs", method="total"))["series"][0]["value"]
    groups = await query(world, run, "http_reqs", method="total", group_by=["name", "status"])
    assert {(one["labels"]["name"], one["labels"]["status"]): one["value"] for one in groups["series"]} == {
        ("products", "200"): total / 2,
        ("missing", "404"): total / 2,
    }
    part = await query(world, run, "http_reqs", method="total", labels={"name": "missing", "status": "404"})
    assert part["series"] == [{"value": total / 2}]
    none = await query(world, run, "http_reqs", method="total", labels={"name": "other"})
    assert none["series"] == []


async def test_with_a_step_the_values_tell_how_it_went(world: World, run_script: RunScript):
    run = await run_script(SHOPPING)
    total = (await query(world, run, "http_reqs", method="total"))["series"][0]["value"]

    over_time = await query(world, run, "http_reqs", method="total", step=1)
    (series,) = over_time["series"]
    assert over_time["step"] == 1
    seconds = [second for second, _ in series["values"]]
    assert seconds == sorted({*seconds})
    assert seconds[0] >= 0
    assert seconds[-1] <= 5
    assert sum(value or 0 for _, value in series["values"]) == total

    began = next(entry.entered for entry in run.status_history if entry.type == "running")
    assert over_time["start"] == f"{began:%Y-%m-%dT%H:%M:%SZ}"
    late = await query(
        world, run, "http_reqs", method="total", start=f"{began + timedelta(seconds=2):%FT%TZ}"
    )
    early = await query(world, run, "http_reqs", method="total", end=f"{began + timedelta(seconds=2):%FT%TZ}")
    assert late["series"][0]["value"] + early["series"][0]["value"] == total
    assert 0 < late["series"][0]["value"] < total

    for offset in (timedelta(hours=2), timedelta(hours=-9, minutes=-30)):
        moment = (began + timedelta(seconds=2)).replace(microsecond=0).astimezone(timezone(offset))
        same = await query(world, run, "http_reqs", method="total", start=moment.isoformat())
        assert same == late
        assert await query(world, run, "http_reqs", method="total", end=moment.isoformat()) == early


async def test_labels_of_any_content_are_told_and_asked_for(world: World, run_script: RunScript):
    run = await run_script(tagged(HOSTILE))
    groups = await query(world, run, "orders", method="total", group_by=["item"])
    expected = {tag: float(place) for place, tag in enumerate(HOSTILE, 1)}
    assert {one["labels"]["item"]: one["value"] for one in groups["series"]} == expected
    for tag, value in expected.items():
        found = await query(world, run, "orders", method="total", labels={"item": tag})
        assert found["series"] == [{"value": value}], tag


async def test_of_many_series_some_are_shown_with_how_many_there_are(world: World, run_script: RunScript):
    run = await run_script(tagged([f"item {number}" for number in range(MAX_SERIES + 5)]))
    groups = await query(world, run, "orders", method="total", group_by=["item"])
    assert (len(groups["series"]), groups["series_total"]) == (MAX_SERIES, MAX_SERIES + 5)


async def test_a_query_that_cannot_be_is_refused_with_what_can(world: World, run_script: RunScript):
    run = await run_script(tagged(["cup"]))
    assert (await refusal(world, run, "order")).startswith(
        "The run has no metric 'order'. Did you mean orders?"
    )
    assert await refusal(world, run, "orders", method="avg") == (
        "orders is a counter, which has no avg. Valid: rate, max_rate, total."
    )
    assert await refusal(world, run, "orders", percentile=95) == (
        "orders is a counter: percentiles go with trends only. Valid: rate, max_rate, total."
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "median"},
        {"percentile": 101},
        {"step": 0},
        {"group_by": ["a)"]},
        {"group_by": ["a", "b", "c", "d", "e", "f"]},
        {"labels": {'a"': "b"}},
        {"start": "2026-01-02T00:00:00"},
        {"start": "yesterday"},
    ],
    ids=str,
)
async def test_arguments_that_make_no_query_never_reach_the_service(world: World, arguments: dict[str, Any]):
    async with world.connect() as client:
        call = {"test_run_id": 4711, "metric": "vus", **arguments}
        refused = await client.call_tool("query_test_run_metrics", call)
    assert text_of(refused).startswith("query_test_run_metrics was not called:\n- ")


@pytest.mark.parametrize("tool", ["list_test_run_metrics", "query_test_run_metrics"])
async def test_a_run_that_is_not_there_is_named_as_missing(world: World, tool: str):
    call = {"test_run_id": 4711} | ({"metric": "vus"} if tool.startswith("query") else {})
    async with world.connect() as client:
        missing = await client.call_tool(tool, call)
    assert "answered 404: " in text_of(missing)
    assert "4711" in text_of(missing)


async def test_a_long_run_is_asked_for_in_larger_steps_and_says_so(
    world: World, through: Callable[..., K6Cloud]
):
    asked: list[str] = []
    history = [("created", "10:00:00"), ("running", "10:10:00.5"), ("processing_metrics", "10:40:00.5")]
    run = {
        "id": 5,
        "test_id": 1,
        "project_id": 1,
        "created": "2026-01-01T10:00:00Z",
        "status": "completed",
        "status_details": {"type": "completed", "entered": "2026-01-01T10:41:00Z"},
        "status_history": [{"type": one, "entered": f"2026-01-01T{time}Z"} for one, time in history],
    }
    vus = {"id": "a", "name": "vus", "type": "gauge"}
    series: list[dict[str, Any]] = [{"metric": {}, "values": [[1767262200 + 31 * n, n] for n in range(59)]}]

    async def answer(request: httpx.Request) -> httpx.Response:
        if "query_range" in request.url.path:
            asked.append(request.url.path)
            return httpx.Response(
                200, json={"status": "", "data": {"resultType": "matrix", "result": series}}
            )
        return httpx.Response(200, json={"value": [vus]} if request.url.path.endswith("/metrics") else run)

    async with world.connect(k6=through(answer)) as client:
        call = {"test_run_id": 5, "metric": "vus", "step": 1}
        answered = content_of(await client.call_tool("query_test_run_metrics", call))
    assert (answered["start"], answered["end"]) == ("2026-01-01T10:10:00Z", "2026-01-01T10:40:00Z")
    # Not since it was created: waiting for its turn is no part of it.
    assert answered["step"] == 31
    assert re.search(r"step=31\b", asked[0])
    (shown,) = answered["series"]
    assert shown["values"][:2] == [[0, 0.0], [31, 1.0]]
    assert len(shown["values"]) <= MAX_POINTS
