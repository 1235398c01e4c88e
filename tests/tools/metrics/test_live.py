from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support.servers import World, content_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud_mcp_tools.metrics.live import live_figures

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHOPPING = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 2, duration: '3s' };
export default () => { http.get(`${__ENV.SANDBOX_URL}/demo/products`); sleep(0.1); };
"""


def a_run(status: str = "running", seconds: float = 60) -> TestRun:
    """A run that has been in its status for so long."""
    entered = NOW - timedelta(seconds=seconds)
    ids = {"id": 5, "test_id": 3, "project_id": 1}
    details = {"type": status, "entered": entered}
    return TestRun.model_validate({**ids, "created": entered, "status": status, "status_details": details})


def answering(values: Mapping[str, float | None]) -> tuple[K6Cloud, list[str]]:
    """A client of a service that has these values, by metric, and the paths it is asked for; 500 for other metrics."""
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        metric = request.url.path.split("metric='")[1].split("'")[0]
        if metric not in values:
            return httpx.Response(500)
        series = [{"metric": {"__name__": metric}, "values": [[0, values[metric]]]}]
        data = {"resultType": "vector", "result": series}
        return httpx.Response(200, json={"status": "success", "data": data})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://k6")
    return K6Cloud(http, retries=NO_RETRIES), asked


async def test_a_run_that_goes_on_is_told_in_one_line():
    k6, _ = answering({"vus": 10, "http_reqs": 12.346, "http_req_duration": 98.76, "http_req_failed": 0.0125})
    assert await live_figures(k6, a_run(), NOW) == "10 VUs, 12.35 requests/s, p95 98.76 ms, 1.2% errors"


async def test_large_figures_stay_readable():
    k6, _ = answering(
        {"vus": 12_000, "http_reqs": 43210.9, "http_req_duration": 1234.5, "http_req_failed": 1}
    )
    assert await live_figures(k6, a_run(), NOW) == ("12000 VUs, 43211 requests/s, p95 1234 ms, 100.0% errors")


async def test_only_the_last_seconds_are_asked_about():
    k6, asked = answering({"vus": 1})
    await live_figures(k6, a_run(seconds=60), NOW)
    assert all("start=2026-03-01T11:59:50Z" in path for path in asked)


async def test_nothing_before_the_run_began_is_asked_about():
    k6, asked = answering({"vus": 1})
    await live_figures(k6, a_run(seconds=4), NOW)
    assert all("start=2026-03-01T11:59:56Z" in path for path in asked)


@pytest.mark.parametrize("status", ["created", "queued", "initializing", "processing_metrics", "completed"])
async def test_a_run_that_makes_no_load_is_not_asked_about(status: str):
    k6, asked = answering({"vus": 1})
    assert await live_figures(k6, a_run(status), NOW) == ""
    assert asked == []


@pytest.mark.parametrize("values", [{"vus": None, "http_reqs": 0, "http_req_failed": 0}, {}])
async def test_without_vus_there_is_nothing_to_tell(values: dict[str, float | None]):
    k6, _ = answering(values)
    assert await live_figures(k6, a_run(), NOW) == ""


async def test_a_figure_that_is_missing_is_left_out():
    k6, _ = answering({"vus": 3, "http_reqs": 2})
    assert await live_figures(k6, a_run(), NOW) == "3 VUs, 2 requests/s"


async def test_who_waits_for_a_run_is_told_how_it_is_doing(world: World):
    run = (await world.k6.load_tests.start(await world.new_test(script=SHOPPING))).id
    messages: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        messages.append(message or "")

    async with world.connect() as client:
        content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run}, progress_callback=note))
    told = [message for message in messages if "2 VUs" in message]
    assert told
    assert all(word in told[-1] for word in (" s left: ", " requests/s, p95 ", " ms, 0.0% errors"))
