from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.servers import World, content_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.verdict import verdict_of

RunScript = Callable[..., Awaitable[TestRun]]
NOTHING = "export const options = { iterations: 1 }; export default () => {};"
CHECKED = """
import { check } from 'k6';
import { Counter } from 'k6/metrics';
new Counter('orders');
export const options = {
  iterations: 3,
  thresholds: { iterations: ['count>0'], orders: ['count<5'], 'http_req_duration{name:pay}': ['p(95)<500'] },
};
export default () => { check(__ITER, { 'is first': (i) => i === 0 }); };
"""
SLOW = """
import { Trend } from 'k6/metrics';
const times = new Trend('times');
export const options = { iterations: 1, thresholds: { times: ['p(99.9)<100', 'min>5'] } };
export default () => times.add(12345);
"""
ABORTING = """
import { check, sleep } from 'k6';
export const options = {
  duration: '30s', thresholds: { checks: [{ threshold: 'rate>0.9', abortOnFail: true }] },
};
export default () => { check(1, { 'is two': (one) => one === 2 }); sleep(0.2); };
"""


def a_run(status: str, result: str | None, extra: dict[str, Any] | None = None, **fields: Any) -> TestRun:
    time = datetime(2026, 3, 1, tzinfo=UTC)
    details = {"type": status, "entered": time, "extra": extra}
    ids = {"id": 5, "test_id": 3, "project_id": 1, "created": time}
    return TestRun.model_validate(
        {**ids, "status": status, "status_details": details, "result": result, **fields}
    )


async def test_a_run_under_way_has_no_verdict(world: World):
    assert await verdict_of(world.k6, a_run("running", None)) is None


async def test_a_run_without_thresholds_could_not_fail(world: World, run_script: RunScript):
    verdict = await verdict_of(world.k6, await run_script(NOTHING))
    assert verdict == "Passed, but it has no thresholds, so nothing could make it fail."


async def test_failing_checks_and_thresholds_without_samples_are_told_of_a_run_that_passed(
    world: World, run_script: RunScript
):
    run = await run_script(CHECKED)
    async with world.connect() as client:
        got = content_of(await client.call_tool("get_test_run", {"test_run_id": run.id}))
    assert got["result"] == "passed"
    assert got["verdict"] == (
        "Passed: no threshold was crossed (3 set). 66.67 % of its checks failed, which alone does not fail a run. "
        "No samples for http_req_duration{name:pay} p(95)<500, orders count<5: nothing is proved there."
    )


async def test_a_run_that_failed_tells_which_threshold_it_crossed(world: World, run_script: RunScript):
    run = await run_script(SLOW)
    verdict = await verdict_of(world.k6, run)
    assert verdict is not None
    assert verdict.startswith("Failed: it crossed times p(99.9)<100 (it was 12")


async def test_a_threshold_that_ends_the_run_makes_it_fail_early(world: World, run_script: RunScript):
    run = await run_script(ABORTING)
    assert run.status == "aborted"
    assert await verdict_of(world.k6, run) == (
        "Failed and ended early: it crossed checks rate>0.9 (it was 0). 100 % of its checks failed."
    )


async def test_what_a_threshold_measured_is_left_out_where_it_is_not_known():
    run = a_run("aborted", "failed", options={"thresholds": {"checks": ["rate>0.9"]}})
    assert (await verdict_of(without_metrics(), run)) == "Failed and ended early: it crossed a threshold."


async def test_a_run_that_its_script_failed_crossed_no_threshold():
    run = a_run("completed", "failed", options={"vus": 1})
    assert await verdict_of(without_metrics(), run) == (
        "Failed, though it has no thresholds: the script itself failed the run."
    )


async def test_a_run_whose_options_are_not_known_failed_by_a_threshold():
    assert await verdict_of(without_metrics(), a_run("completed", "failed")) == (
        "Failed: it crossed a threshold."
    )


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (
            a_run("aborted", "error", {"by_user": "ann@example.com"}),
            "No verdict: it was stopped before its end. Stopped by ann@example.com.",
        ),
        (
            a_run("aborted", "error", result_details={"type": "error", "message": "The zone went away."}),
            "No verdict on the system: the run itself broke off. The zone went away.",
        ),
        (
            a_run("completed", "error", {"message": "Metrics were lost."}),
            "No verdict: it ended, but with an error of its set-up or of the platform. Metrics were lost.",
        ),
        (
            a_run("aborted", "error"),
            "No verdict on the system: the run itself broke off. No reason was given.",
        ),
    ],
    ids=["by a user", "by the platform", "completed with an error", "without a reason"],
)
async def test_a_run_with_an_error_says_nothing_about_the_system(run: TestRun, verdict: str):
    assert await verdict_of(without_metrics(), run) == verdict


async def test_a_script_error_is_no_verdict_on_the_system(world: World, run_script: RunScript):
    verdict = await verdict_of(world.k6, await run_script("export default function () {"))
    assert verdict is not None
    assert verdict.startswith("No verdict on the system: the run itself broke off. ")
    assert "Unexpected end of input" in verdict


@pytest.mark.parametrize("broken", ["/metrics", "/query_aggregate_k6"])
async def test_metrics_that_cannot_be_read_leave_the_verdict_without_doubts(
    through: Callable[..., K6Cloud], run_script: RunScript, broken: str
):
    run = await run_script(CHECKED)

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        down = "/v5/" in request.url.path and (broken in request.url.path or "query" in request.url.path)
        return httpx.Response(503) if down else None

    assert await verdict_of(through(refuse), run) == "Passed: no threshold was crossed (3 set)."


def without_metrics() -> K6Cloud:
    """A client of a service whose metrics are gone."""

    async def gone(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404)

    return K6Cloud(httpx.AsyncClient(transport=httpx.MockTransport(gone), base_url="http://k6"))
