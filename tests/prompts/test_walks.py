"""The steps of the prompts, walked on the sandbox: every tool that a prompt names is called as it says, and answers."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextContent
from support.servers import World, content_of, open_world

TOOL = re.compile(
    r"`((?:activate|compare|create|deactivate|download|get|lint|list|query|start|validate|wait)_\w+)`"
)
SMOKE = """import http from 'k6/http';
import { check, sleep } from 'k6';
const BASE = __ENV.SANDBOX_URL;
export const options = {
  vus: 1,
  iterations: 2,
  thresholds: { http_req_failed: ['rate<0.01'], checks: ['rate>0.99'], http_req_duration: ['p(95)<2000'] },
};
function listProducts() {
  const list = http.get(`${BASE}/demo/products`, { tags: { name: 'GET /products' } });
  check(list, { 'lists products': (answer) => answer.status === 200 && answer.json().length > 0 });
  return list.json()[0].id;
}
function getProduct(id) {
  const product = http.get(`${BASE}/demo/products/${id}`, { tags: { name: 'GET /products/{id}' } });
  check(product, { 'product has a price': (answer) => answer.json('price') > 0 });
}
export default function () {
  getProduct(listProducts());
  sleep(0.1);
}
"""
SLOWER = SMOKE.replace("sleep(0.1);", "http.get(`${BASE}/demo/slow?ms=200`); sleep(0.1);")


class Walk:
    """A client that goes the way of one prompt, and remembers which tools it called."""

    def __init__(self, client: Client, prompt: str) -> None:
        self._client = client
        self.named = set(TOOL.findall(prompt))
        self.called: set[str] = set()

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        self.called.add(tool)
        return content_of(await self._client.call_tool(tool, arguments))

    async def run(self, load_test_id: int) -> int:
        """Start a test and wait for the end of its run; the id of the run."""
        started = await self("start_load_test", load_test_id=load_test_id)
        run_id = started["result"]["test_run_id"]
        while "ended" not in await self("wait_for_test_run", test_run_id=run_id):
            pass
        return run_id


@asynccontextmanager
async def walk(world: World, prompt: str, **arguments: str) -> AsyncGenerator[Walk, None]:
    async with world.connect(answer={"decision": "go ahead"}) as client:
        rendered = await client.get_prompt(prompt, arguments)
        content = rendered.messages[0].content
        assert isinstance(content, TextContent)
        going = Walk(client, content.text)
        yield going
    assert going.named <= going.called, "a tool that the prompt names was left out"


@pytest.fixture
async def world() -> AsyncGenerator[World, None]:
    async with open_world() as opened:
        yield opened


async def test_from_an_openapi_description_to_a_load_test(world: World):
    async with walk(world, "openapi_to_load_test", openapi="openapi: 3.1.0 …") as call:
        draft = await call("lint_script", script=SMOKE.replace("checks: ['rate>0.99'],", ""))
        assert [found["rule"] for found in draft["findings"]] == ["checks-without-threshold"]
        linted = await call("lint_script", script=SMOKE)
        assert linted["findings"] == []
        price = await call("validate_options", options=linted["options"])
        assert price["vuh_usage"] >= 0
        project = (await call("list_projects"))["rows"][0]["id"]
        test = await call("create_load_test", name="Pets: smoke", project_id=project, script=SMOKE)
        run = await call.run(test["id"])
        failed = await call(
            "query_test_run_metrics", test_run_id=run, metric="http_req_failed", group_by=["name"]
        )
        assert {series["labels"]["name"] for series in failed["series"]} == {
            "GET /products",
            "GET /products/{id}",
        }


async def test_a_capacity_plan(world: World):
    test = await world.new_test("Checkout", SMOKE)
    async with walk(world, "capacity_plan", load_test_id=str(test), target="100 requests/s") as call:
        run = await call.run(test)
        await call("get_load_test", load_test_id=test)
        assert (await call("list_load_test_runs", load_test_id=test))["rows"][0]["id"] == run
        assert (await call("get_test_run", test_run_id=run))["result"] == "passed"
        for metric in ("http_reqs", "http_req_duration", "iteration_duration"):
            assert (await call("query_test_run_metrics", test_run_id=run, metric=metric))["series"]
        options = (await call("lint_script", load_test_id=test))["options"]
        prices = [await price(call, options, vus) for vus in (5, 20, 50)]
        assert prices == sorted(prices)
        await call("create_load_test", name="Checkout: 100 VUs", script=SMOKE)


async def price(call: Walk, options: dict[str, Any], vus: int) -> float:
    planned = {**options, "vus": vus, "duration": "5m"}
    planned.pop("iterations")
    return (await call("validate_options", options=planned))["vuh_usage"]


async def test_a_nightly_schedule_and_its_report(world: World):
    test = await world.new_test("Nightly", SMOKE)
    arguments = {"load_test_id": str(test), "time": "02:30 Europe/Berlin"}
    async with walk(world, "nightly_schedule", **arguments) as call:
        first, second = await call.run(test), await call.run(test)
        await call("get_load_test", load_test_id=test)
        await call("validate_options", options=(await call("lint_script", load_test_id=test))["options"])
        scheduled = await call(
            "create_load_test_schedule",
            load_test_id=test,
            starts=(datetime.now(UTC) + timedelta(days=1)).isoformat(),
            cron={"schedule": "30 2 * * *", "time_zone": "Europe/Berlin"},
        )
        schedule = (await call("get_load_test_schedule", load_test_id=test))["id"]
        assert scheduled["confirmed_by"] == "person"
        await call("deactivate_schedule", schedule_id=schedule)
        await call("activate_schedule", schedule_id=schedule)
        nights = (await call("list_load_test_runs", load_test_id=test))["rows"]
        assert [night["id"] for night in nights] == [second, first]
        await call("get_test_run", test_run_id=second)
        assert (await call("compare_test_runs", test_run_ids=[first, second]))["figures"]


async def test_a_regression_hunt(world: World):
    test = await world.new_test("Shop", SMOKE)
    async with walk(world, "regression_hunt", good_run_id="1", bad_run_id="2") as call:
        good = await call.run(test)
        await call("upload_load_test_script", load_test_id=test, script=SLOWER)
        bad = await call.run(test)
        compared = await call("compare_test_runs", test_run_ids=[good, bad])
        p95 = next(figure for figure in compared["figures"] if "p95" in figure["name"])
        assert p95["change"][0] > 10
        scripts = [(await call("download_test_run_script", test_run_id=run))["text"] for run in (good, bad)]
        assert scripts == [SMOKE, SLOWER]
        for run in (good, bad):
            await call("get_test_run", test_run_id=run)
            await query(call, run, group_by=["name"])
        for metric in ("http_req_waiting", "http_req_connecting", "http_req_receiving", "http_req_blocked"):
            await query(call, bad, metric)
        await query(call, bad, step=1)
        await call("list_load_test_runs", load_test_id=test)
        linted = await call("lint_script", load_test_id=test)
        await call("validate_options", options=linted["options"])


async def query(call: Walk, run: int, metric: str = "http_req_duration", **more: Any) -> None:
    assert (await call("query_test_run_metrics", test_run_id=run, metric=metric, **more))["series"]
