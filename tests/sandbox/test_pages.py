import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright
from support.reach import to_port

from k6_cloud.models import Cost, CostBreakdown, ResultDetails, Status, StatusExtra, TestRun
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.demo_target import router as demo_target
from k6_cloud_sandbox.pages.router import create_router
from k6_cloud_sandbox.pages.view import RunView
from k6_runner.binary import find_k6
from k6_runner.execution import execute
from k6_runner.limits import RunLimits
from k6_runner.outcome import Check, Outcome, Threshold

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_EVIL = "<script>alert(1)</script>"
_SCRIPT = """
import http from 'k6/http';
import { check, group, sleep } from 'k6';
export const options = { vus: 3, duration: '3s', thresholds: { http_req_duration: ['p(95)<500', 'max<0'] } };
export default function () {
  group('shop', () => check(http.get(`${__ENV.BASE}/demo/products`), { 'is 200': (r) => r.status === 200, 'EVIL': () => false }));
  sleep(0.1);
}
""".replace("EVIL", _EVIL)


def _run(
    run_id: int = 7, status: str = "completed", result: str | None = "passed", **fields: object
) -> TestRun:
    entry = Status(
        type=status, entered=_NOON, extra=StatusExtra(message=f"{_EVIL} 1", by_user="ada@example.com")
    )
    return TestRun.model_validate(
        {
            "id": run_id,
            "test_id": 3,
            "project_id": 1,
            "created": _NOON,
            "status": status,
            "status_details": entry,
            "status_history": [Status(type="created", entered=_NOON), entry],
            "result": result,
            **fields,
        }
    )


def _view(run: TestRun, report: bytes | None = None, name: str = "Shop smoke test") -> RunView:
    checks = [Check(f"shop / {_EVIL}", 3, 1)] if run.is_final else []
    thresholds = [Threshold("http_req_duration", "p(95)<500", passed=True)] if run.is_final else []
    return RunView(run, name, thresholds, checks, report)


def _app(views: dict[int, RunView]) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(views.get, lambda: list(views.values())))
    app.include_router(demo_target)
    return app


async def _get(path: str, *views: RunView) -> httpx.Response:
    app = _app({view.run.id: view for view in views})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox") as client:
        return await client.get(path)


async def test_whatever_a_script_names_is_shown_and_not_executed():
    details = ResultDetails(type="error", message=f"{_EVIL} 2", code=8035)
    run = _run(result_details=details, note=f"{_EVIL} 3", options={_EVIL: _EVIL}, started_by=_EVIL)
    page = await _get("/runs/7", _view(run, name=f"{_EVIL} 4"))
    assert "<script" not in page.text
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8


async def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing():
    policy = (await _get("/runs/7", _view(_run()))).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


async def test_a_report_runs_in_a_sandbox_without_network():
    answer = await _get("/runs/7/report", _view(_run(), report=b"<h1>k6</h1>"))
    assert answer.content == b"<h1>k6</h1>"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("status", ["created", "queued", "initializing", "running", "processing_metrics"])
async def test_the_page_updates_itself_until_the_run_has_ended(status: str):
    page = (await _get("/runs/7", _view(_run(status=status, result=None)))).text
    assert '<meta http-equiv="refresh"' in page
    assert "k6 draws the charts when the run has ended" in page


@pytest.mark.parametrize("status", ["completed", "aborted"])
async def test_the_page_of_an_ended_run_stands_still(status: str):
    page = (await _get("/runs/7", _view(_run(status=status)))).text
    assert "http-equiv" not in page
    assert "There are no charts" in page


@pytest.mark.parametrize("path", ["/runs/8", "/runs/8/report", "/runs/7/report"])
async def test_what_is_not_there_is_not_found(path: str):
    assert (await _get(path, _view(_run()))).status_code == 404


async def test_the_start_page_lists_runs_with_links():
    page = (await _get("/", _view(_run(7)), _view(_run(8), name=_EVIL))).text
    assert '<a href="/runs/7">7</a>' in page
    assert '<a href="/runs/8">8</a>' in page
    assert "<script" not in page


async def test_the_start_page_of_an_empty_sandbox_says_so():
    assert "No test has been started yet." in (await _get("/")).text


async def test_a_router_without_a_list_of_runs_has_no_start_page():
    app = FastAPI()
    app.include_router(create_router(lambda _: None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox") as client:
        assert (await client.get("/")).status_code == 404


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncGenerator[str, None]:
    """Serve `app` over real HTTP; the value is its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        with anyio.fail_after(20):
            while not server.started:
                await anyio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True


async def _real_outcome(base: str) -> Outcome:
    k6 = await find_k6()
    assert k6
    with Script.from_chunks([_SCRIPT.encode()]) as script:
        return await execute(
            k6,
            script,
            RunLimits(),
            {"BASE": base},
            to_port(httpx.URL(base).port or 0),
            stop=anyio.Event(),
            started=lambda: None,
        )


@pytest.fixture
async def browser() -> AsyncGenerator[Browser, None]:
    if not _CHROMIUM:
        pytest.skip("There is no Chromium here: install `chromium` to test the pages in a browser.")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@dataclass
class _Visit:
    """A page in a browser, with what it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list[str])
    complaints: list[str] = field(default_factory=list[str])

    def listen(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


_COUNT_DRAWN = """
() => [...document.querySelectorAll('canvas')].filter((canvas) => {
  const { width, height } = canvas;
  return width && canvas.getContext('2d').getImageData(0, 0, width, height).data.some((value) => value);
}).length
"""


def _view_of(outcome: Outcome) -> RunView:
    run = _run(
        result=outcome.result,
        result_details=ResultDetails(type="thresholds", message=outcome.message),
        cost=Cost(
            total_vuh=0.05,
            breakdown=CostBreakdown(protocol_vuh=0.05, browser_vuh=0, base_total_vuh=0.05, reduction_rate=0),
        ),
        options={"vus": 3, "duration": "3s"},
        max_vus=3,
        estimated_duration=3,
        execution_duration=3,
    )
    return RunView(run, f"Shop {_EVIL}", outcome.thresholds, outcome.checks, outcome.report)


async def test_a_browser_shows_a_real_run_with_its_charts(browser: Browser):
    views: dict[int, RunView] = {}
    async with _served(_app(views)) as base:
        views[7] = _view_of(await _real_outcome(base))
        visit = _Visit(await browser.new_page())
        visit.listen()
        await visit.page.goto(f"{base}/runs/7")
        await visit.page.locator("iframe").scroll_into_view_if_needed()
        report = visit.page.frames[1]
        await report.wait_for_selector("canvas")
        assert await visit.page.inner_text("h1") == f"Shop {_EVIL}"
        assert await visit.page.get_by_text(f"shop / {_EVIL}").is_visible()
        assert await visit.page.get_by_text("Thresholds crossed: http_req_duration max<0.").is_visible()
        for chart in ("VUs", "Request Rate", "HTTP Request Duration"):
            assert await report.get_by_text(chart, exact=True).first.is_visible()
        assert await report.evaluate(_COUNT_DRAWN) >= 3
        assert [url for url in visit.requests if not url.startswith((base, "data:"))] == []
        assert visit.complaints == []


async def test_a_browser_sees_the_end_of_a_run_without_being_told(browser: Browser):
    views = {7: _view(_run(status="running", result=None))}
    async with _served(_app(views)) as base:
        page = await browser.new_page()
        await page.goto(f"{base}/runs/7")
        assert await page.get_by_text("The run is under way").is_visible()
        views[7] = _view(_run())
        await page.get_by_text("completed", exact=True).first.wait_for(timeout=10_000)
        assert await page.get_by_text("The run is under way").count() == 0
