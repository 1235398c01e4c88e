"""A run of the real k6: what its metrics say against k6's own summary of the same run."""

import json
import math
import zlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from k6_cloud.client import K6Cloud
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.sandbox import Sandbox, open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings

SCRIPT = """
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Gauge, Trend } from 'k6/metrics';
const sold = new Counter('sold'), stock = new Gauge('stock'), basket = new Trend('basket');
export const options = {
  scenarios: {
    shop: { executor: 'constant-arrival-rate', rate: 40, duration: '3s', preAllocatedVUs: 4 },
  },
};
export default function () {
  group('shop', () => {
    for (const path of ['products', 'flaky?rate=0.3']) {
      const response = http.get(`${__ENV.SANDBOX_URL}/demo/${path}`, { tags: { name: path } });
      check(response, { 'answers 200': (r) => r.status === 200 });
    }
  });
  sold.add(2.5);
  stock.add(-7);
  basket.add(Math.exp(8 * Math.random()));
}
"""


@dataclass
class _Measured:
    """A finished run, with a client, k6's own summary, and the counts of requests seen while it went on."""

    k6: K6Cloud
    run_id: int
    summary: dict[str, dict[str, float]]
    live: list[float]

    async def value(self, metric: str, query: str) -> float:
        """The one value of a query over the whole run."""
        (series,) = (await self.k6.metrics.query_aggregate(self.run_id, query, metric)).data.result
        ((_, value),) = series.values
        assert value is not None
        return value


@pytest.fixture(scope="module")
async def run() -> AsyncGenerator[_Measured, None]:
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        with Script.from_chunks([SCRIPT.encode()]) as script:
            test = await k6.load_tests.create(1, "shop", script)
        run = await k6.load_tests.start(test.id)
        live = [count async for count in _counts_until_end(k6, run.id)]
        assert (await k6.test_runs.get(run.id)).result == "passed"
        yield _Measured(k6, run.id, _summary(sandbox), live)


async def _counts_until_end(k6: K6Cloud, run_id: int) -> AsyncGenerator[float, None]:
    with anyio.fail_after(30):
        while not (await k6.test_runs.get(run_id)).is_final:
            answer = await k6.metrics.query_aggregate(run_id, "increase", "http_reqs")
            yield sum(value or 0 for series in answer.data.result for _, value in series.values)
            await anyio.sleep(0.1)


def _summary(sandbox: Sandbox) -> dict[str, Any]:
    with sandbox.app.state.backend.store.database.read() as connection:
        row = connection.execute("SELECT summary FROM outcomes").fetchone()
    return json.loads(zlib.decompress(row["summary"]))["metrics"]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("metric", ["http_reqs", "iterations", "sold", "data_received", "data_sent"])
async def test_counters_are_those_of_the_summary(run: _Measured, metric: str):
    assert await run.value(metric, "increase") == pytest.approx(run.summary[metric]["count"])
    assert await run.value(metric, "rate") == pytest.approx(run.summary[metric]["rate"], rel=0.3)


@pytest.mark.parametrize("metric", ["checks", "http_req_failed"])
async def test_rates_are_those_of_the_summary(run: _Measured, metric: str):
    assert await run.value(metric, "increase_nz") == run.summary[metric]["passes"]
    assert await run.value(metric, "increase_z") == run.summary[metric]["fails"]
    assert await run.value(metric, "ratio") == pytest.approx(run.summary[metric]["value"])


@pytest.mark.parametrize("metric", ["http_req_duration", "http_req_waiting", "iteration_duration", "basket"])
async def test_trends_are_those_of_the_summary(run: _Measured, metric: str):
    summary = run.summary[metric]
    assert await run.value(metric, "histogram_min") == summary["min"]
    assert await run.value(metric, "histogram_max") == summary["max"]
    assert await run.value(metric, "histogram_avg") == pytest.approx(summary["avg"])
    for share, name in ((0.5, "med"), (0.9, "p(90)"), (0.95, "p(95)")):
        assert await run.value(metric, f"histogram_quantile({share})") == pytest.approx(
            summary[name], rel=0.015
        )


async def test_gauges_are_those_of_the_summary(run: _Measured):
    assert await run.value("stock", "last") == run.summary["stock"]["value"] == -7
    assert await run.value("vus", "sum(last by (instance_id))") == run.summary["vus"]["value"]
    assert await run.value("vus", "sum(max by (instance_id))") == run.summary["vus"]["max"]


async def test_parts_add_up_to_the_whole(run: _Measured):
    by_name = await run.k6.metrics.query_aggregate(run.run_id, "increase by (name)", "http_reqs")
    over_time = await run.k6.metrics.query_range(run.run_id, "increase", "http_reqs", step=1)

    total = run.summary["http_reqs"]["count"]
    assert {series.metric["name"] for series in by_name.data.result} == {"products", "flaky?rate=0.3"}
    assert sum(series.values[0][1] or 0 for series in by_name.data.result) == total
    assert sum(value or 0 for _, value in over_time.data.result[0].values) == total


async def test_values_can_be_queried_while_the_run_goes_on(run: _Measured):
    total = run.summary["http_reqs"]["count"]
    assert run.live == sorted(run.live)
    assert any(0 < count < total for count in run.live)


async def test_errors_are_found_by_status(run: _Measured):
    failed = await run.value('http_reqs{status=~"5.."}', "increase")
    assert failed == run.summary["http_req_failed"]["passes"]
    assert math.isclose(await run.value('http_req_failed{name="products"}', "ratio"), 0), (
        "only one of the pages is flaky"
    )


async def test_metrics_are_listed_with_type_and_origin(run: _Measured):
    metrics = {metric.name: metric for metric in (await run.k6.metrics.list(run.run_id)).value}

    assert metrics.keys() == {name.partition("{")[0] for name in run.summary}
    assert (metrics["sold"].type, metrics["sold"].origin) == ("counter", "script")
    assert (metrics["http_req_duration"].type, metrics["http_req_duration"].origin) == ("trend", "builtin")
    assert [metrics[name].type for name in ("vus", "checks")] == ["gauge", "rate"]
