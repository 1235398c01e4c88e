from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.loopback import listening
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import Json, TestRun

RunScript = Callable[..., Awaitable[TestRun]]
# A script that sends k6's own summary to an address.
SHOPPING = """
import http from 'k6/http';
import { check, sleep } from 'k6';
export const options = {
  vus: VUS, duration: '2s',
  summaryTrendStats: ['med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  thresholds: { http_req_duration: ['p(95)<2000'], http_req_failed: ['rate<0.9'] },
};
export default () => {
  const one = http.get(`${__ENV.SANDBOX_URL}/demo/products`);
  http.get(`${__ENV.SANDBOX_URL}/demo/products/99`);
  check(one, { 'is ok': (r) => r.status === 200, 'is a cup': () => __ITER % 2 === 0 });
  sleep(0.1);
};
export const handleSummary = (data) => { http.post('ADDRESS', JSON.stringify(data.metrics)); return {}; };
"""
TAILS = ("http_req_duration p95", "http_req_duration p99")
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)
CHECKED = """
import { check } from 'k6';
export const options = { iterations: 4 };
export default () => { check(__ITER, { 'is small': (i) => i < LIMIT, LATER }); };
"""


@pytest.fixture
async def summaries() -> AsyncGenerator[tuple[str, list[Json]], None]:
    """Where to send summaries, and those that were."""
    sent: list[Json] = []

    async def receive(request: Request) -> Response:
        sent.append(await request.json())
        return Response(status_code=204)

    async with listening(Starlette(routes=[Route("/", receive, methods=["POST"])])) as address:
        yield f"{address}/", sent


def shopping(vus: int, address: str) -> str:
    return SHOPPING.replace("VUS", str(vus)).replace("ADDRESS", address)


def of_k6(summary: Json) -> dict[str, float]:
    """The figures in k6's own summary, by the names they have in a comparison."""
    metrics = {name: metric["values"] for name, metric in summary.items()}
    return {
        "http_req_duration p50": metrics["http_req_duration"]["med"],
        "http_req_duration p95": metrics["http_req_duration"]["p(95)"],
        "http_req_duration p99": metrics["http_req_duration"]["p(99)"],
        "http_req_failed": metrics["http_req_failed"]["rate"],
        "http_reqs": metrics["http_reqs"]["rate"],
        "http_reqs total": metrics["http_reqs"]["count"],
        "iterations": metrics["iterations"]["rate"],
        "checks": metrics["checks"]["rate"],
    }


def tail_of_k6(summary: Json) -> tuple[float, float]:
    """Between which values k6 itself has the slowest tenth of the requests."""
    values = summary["http_req_duration"]["values"]
    return values["p(90)"], values["max"]


async def compared(world: World, *runs: TestRun | int, **app: Any) -> dict[str, Any]:
    ids = [run if isinstance(run, int) else run.id for run in runs]
    async with world.connect(**app) as client:
        return content_of(await client.call_tool("compare_test_runs", {"test_run_ids": ids}))


async def test_the_figures_of_two_runs_are_those_of_k6_s_own_summary(
    world: World, run_script: RunScript, summaries: tuple[str, list[Json]]
):
    address, sent = summaries
    first, second = await run_script(shopping(1, address)), await run_script(shopping(3, address))
    comparison = await compared(world, first, second)
    truth, tails = [of_k6(summary) for summary in sent], [tail_of_k6(summary) for summary in sent]
    assert [figure["name"] for figure in comparison["figures"]] == [*truth[0]]
    for figure in comparison["figures"]:
        expected = [summary[figure["name"]] for summary in truth]
        # A rate is over the life of the run, a little longer than k6 counts it: much, where it is of 2 seconds.
        close = 0.3 if figure["unit"] == "1/s" else 0.1
        if figure["name"] in TAILS:
            # Of so few requests one more or less moves a tail by far; test_accuracy.py measures it closely.
            assert all(
                low * 0.9 <= value <= high * 1.1
                for value, (low, high) in zip(figure["values"], tails, strict=True)
            )
        else:
            assert figure["values"] == pytest.approx(expected, rel=close), figure["name"]
        before, after = figure["values"]
        assert figure["change"] == [pytest.approx((after - before) / before * 100, abs=0.5)]
    totals = next(figure for figure in comparison["figures"] if figure["name"] == "http_reqs total")
    assert totals["values"] == [summary["http_reqs total"] for summary in truth]
    assert [(row["id"], row["max_vus"]) for row in comparison["runs"]] == [(first.id, 1), (second.id, 3)]
    assert [(one["threshold"], one["passed"]) for one in comparison["thresholds"]] == [
        ("http_req_duration p(95)<2000", [True, True]),
        ("http_req_failed rate<0.9", [True, True]),
    ]
    assert {check["check"] for check in comparison["checks"]} == {"is a cup", "is ok"}
    assert comparison["notes"] == [
        "The runs are of different load tests.",
        "The runs had different numbers of VUs: throughput does not compare directly.",
    ]


async def test_checks_and_their_change_are_told_with_the_worst_first(world: World, run_script: RunScript):
    script = CHECKED.replace("LATER", "'is a number': () => true")
    first = await run_script(script.replace("LIMIT", "0"))
    second = await run_script(script.replace("LIMIT", "2"))
    comparison = await compared(world, first, second)
    assert comparison["checks"] == [
        {"check": "is small", "rates": [0.0, 0.5]},
        {"check": "is a number", "rates": [1.0, 1.0]},
    ]
    (checks,) = [figure for figure in comparison["figures"] if figure["name"] == "checks"]
    assert (checks["values"], checks["change"]) == ([0.5, 0.75], [50.0])
    assert "http_reqs" not in {figure["name"] for figure in comparison["figures"]}
    assert comparison["thresholds"] == []


async def test_two_runs_of_one_test_need_no_notes(world: World, run_script: RunScript):
    first = await run_script(CHECKED.replace("LIMIT", "0").replace(", LATER", ""))
    second = await run_script("", first.test_id)
    comparison = await compared(world, first, second)
    assert "notes" not in comparison


async def test_a_change_from_nothing_has_no_percentage(world: World, run_script: RunScript):
    first = await run_script(CHECKED.replace("LIMIT", "0").replace(", LATER", ""))
    second = await run_script(CHECKED.replace("LIMIT", "2").replace(", LATER", ""))
    comparison = await compared(world, first, second, first)
    (checks,) = [figure for figure in comparison["figures"] if figure["name"] == "checks"]
    assert (checks["values"], checks["change"]) == ([0.0, 0.5, 0.0], [None, 0.0])


async def test_runs_that_are_not_whole_are_noted(world: World, run_script: RunScript):
    broken = await run_script("export default function () {")
    going = (await world.k6.load_tests.start(await world.new_test(script=LONG))).id
    with anyio.fail_after(20):
        while (await world.k6.test_runs.get(going)).status != "running":
            await anyio.sleep(0.05)
    comparison = await compared(world, broken, going)
    assert comparison["notes"][:2] == [
        f"Run {going} is still running.",
        f"Run {broken.id} broke off: its figures are of a part.",
    ]


async def test_a_run_that_is_not_there_is_named(world: World, run_script: RunScript):
    run = await run_script("export const options = { iterations: 1 }; export default () => {};")
    async with world.connect() as client:
        missing = await client.call_tool("compare_test_runs", {"test_run_ids": [run.id, 4711]})
    assert "/test_runs/4711 answered 404: " in text_of(missing)


async def test_metrics_that_cannot_be_read_are_an_error_to_act_on(
    world: World, through: Callable[..., K6Cloud], run_script: RunScript
):
    run = await run_script("export const options = { iterations: 1 }; export default () => {};")

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(503) if "query" in request.url.path else None

    async with world.connect(k6=through(refuse)) as client:
        failed = await client.call_tool("compare_test_runs", {"test_run_ids": [run.id, run.id]})
    assert "answered 503: Service Unavailable" in text_of(failed)


@pytest.mark.parametrize("ids", [[], [1], [1, 2, 3, 4, 5, 6], [0, 1]])
async def test_a_comparison_has_bounds(world: World, ids: list[int]):
    async with world.connect() as client:
        refused = await client.call_tool("compare_test_runs", {"test_run_ids": ids})
    assert text_of(refused).startswith("compare_test_runs was not called:\n- test_run_ids")
