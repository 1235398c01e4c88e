import gc
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import find_k6
from k6_runner.capture.frame import Frame
from k6_runner.capture.metrics_capture import capturing
from k6_runner.limits import RunLimits
from k6_runner.reading.k6_inspect import ask


async def _look_for_k6() -> None:
    await find_k6()


async def _inspect() -> None:
    k6 = await find_k6()
    assert k6
    with Script.from_chunks([b"export default function () {}"]) as script:
        await ask(k6, script, RunLimits(), {})


async def _capture() -> None:
    async def record(_: Frame) -> None: ...

    async with capturing(record):
        await anyio.sleep(1)


async def _cancelled(work: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.sleep(seconds)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("work", [_look_for_k6, _inspect, _capture])
def test_no_process_is_lost_when_its_start_is_cancelled(work: Callable[[], Coroutine[Any, Any, None]]):
    for moment in range(100):
        anyio.run(_cancelled, work, moment * 0.0003)
    # What was lost warns, and warnings are errors.
    gc.collect()
