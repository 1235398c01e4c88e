"""Runs of a sandbox, started and waited for as a client of its API does."""

import anyio

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud.scripts.script import Script


async def start(k6: K6Cloud, source: str | bytes | None, name: str = "test") -> TestRun:
    """Start a new test of this source; of none where it is None."""
    content = source.encode() if isinstance(source, str) else source
    if content is None:
        test = await k6.load_tests.create(1, name)
    else:
        with Script.from_chunks([content]) as script:
            test = await k6.load_tests.create(1, name, script)
    return await k6.load_tests.start(test.id)


async def reach(k6: K6Cloud, run: TestRun, *statuses: str) -> TestRun:
    """The run once it has one of the statuses."""
    with anyio.fail_after(30):
        while run.status not in statuses:
            await anyio.sleep(0.05)
            run = await k6.test_runs.get(run.id)
    return run


async def finish(k6: K6Cloud, run: TestRun) -> TestRun:
    """The run once it has ended."""
    return await reach(k6, run, "completed", "aborted")
