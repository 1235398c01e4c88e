from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import httpx
import pytest
from support.servers import World

from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFound, StatusError
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.measurements import each, failing_checks, measure

CHECKED = """
import { check } from 'k6';
import { Counter, Trend } from 'k6/metrics';
const times = new Trend('times');
new Counter('never');
export const options = {
  iterations: 4,
  thresholds: { times: ['max<100', 'med<20'], 'times{kind:odd}': ['avg>1'], never: ['count<5'] },
};
export default () => {
  times.add(10 * __ITER, { kind: __ITER % 2 ? 'odd' : 'even' });
  check(__ITER, { 'is a number': (i) => i >= 0, 'is small': (i) => i < 3 });
};
"""


async def test_answers_keep_the_order_of_their_items_however_long_they_take():
    async def answer(item: int) -> int:
        await anyio.sleep(0.01 * (3 - item))
        return item * 10

    assert await each([1, 2, 3], answer) == [(1, 10), (2, 20), (3, 30)]


async def test_only_a_few_are_asked_at_a_time():
    asking = 0
    most = 0

    async def answer(_: int) -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await anyio.lowlevel.checkpoint()
        asking -= 1

    await each(range(20), answer)
    assert most == 4


async def test_a_failure_comes_out_as_it_is():
    async def fail(item: int) -> None:
        raise LookupError(item)

    with pytest.raises(LookupError):
        await each([1, 2], fail)


async def test_a_run_is_measured_by_its_checks_and_thresholds(
    world: World, run_script: Callable[..., Awaitable[TestRun]]
):
    run = await run_script(CHECKED)
    measured = await measure(world.k6, run)
    assert measured.checks == {"is a number": 1, "is small": 0.75}
    assert {one.name: value for one, value in measured.thresholds.items()} == {
        "never count<5": None,
        "times max<100": 30,
        "times med<20": pytest.approx(10, abs=6),
        "times{kind:odd} avg>1": 20,
    }
    assert measured.figures["checks"] == 7 / 8
    assert measured.figures["http_req_duration p95"] is None
    assert await failing_checks(world.k6, run.id) == 1 / 8


async def test_checks_that_cannot_be_read_are_not_known_to_fail(
    world: World, through: Callable[..., K6Cloud]
):
    async def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    assert await failing_checks(through(refuse), 1) is None
    with pytest.raises(NotFound):
        await measure(world.k6, TestRun.model_construct(id=4711, options=None))


async def test_a_query_that_fails_is_an_error_of_the_client(
    through: Callable[..., K6Cloud], run_script: Callable[..., Awaitable[TestRun]]
):
    run = await run_script("export const options = { iterations: 1 }; export default () => {};")

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(503) if "query_aggregate" in request.url.path else None

    with pytest.raises(StatusError):
        await measure(through(refuse), run)
