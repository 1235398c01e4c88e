"""Tools for test runs."""

from datetime import UTC, datetime
from typing import Annotated

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from k6_cloud.client import K6Cloud
from k6_cloud.errors import (
    Conflict,
)
from k6_cloud.models import TestRun
from k6_cloud.safe_text import escape
from k6_cloud_mcp_tools.context import K6, Call, TheApp
from k6_cloud_mcp_tools.metrics.live import live_figures
from k6_cloud_mcp_tools.metrics.verdict import verdict_of
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.operations.start import NOT_STARTED_WITH, start_load_test
from k6_cloud_mcp_tools.paging import one_page
from k6_cloud_mcp_tools.parameters import Limit, LoadTestId, Skip, Starred, TestRunId
from k6_cloud_mcp_tools.results import Rows, TestRunDetails, TestRunRow


async def list_load_test_runs(
    k6: K6, load_test_id: LoadTestId, starred: Starred = False, limit: Limit = 20, skip: Skip = 0
) -> Rows[TestRunRow]:
    """List the runs of a load test, newest first."""
    page = await k6.load_tests.list_runs(
        load_test_id, is_starred=starred or None, top=limit, skip=skip, order_by="created desc", count=True
    )
    return one_page(page, skip, TestRunRow.of)


async def get_test_run(k6: K6, test_run_id: TestRunId) -> TestRunDetails:
    """Get a run: status, result, cost, options, and a verdict that says what the result really means."""
    run = await k6.test_runs.get(test_run_id)
    return TestRunDetails.of(run, await verdict_of(k6, run))


async def abort_test_run(k6: K6, test_run_id: TestRunId) -> TestRunDetails:
    """Stop a run that is under way. What it used so far is charged. Stopping takes a moment: wait_for_test_run."""
    try:
        await k6.test_runs.abort(test_run_id)
    except Conflict as error:
        run = await k6.test_runs.get(test_run_id)
        raise ToolError(
            f"Not aborted: run {run.id} is not running, it is {run.status}"
            f"{f' with result {run.result}' if run.result else ''}. There is nothing to stop."
        ) from error
    return TestRunDetails.of(await k6.test_runs.get(test_run_id))


async def wait_for_test_run(
    app: TheApp,
    ctx: Call,
    test_run_id: TestRunId,
    max_seconds: Annotated[int, Field(ge=1, le=45)] = 45,
) -> TestRunDetails:
    """Wait until a run has ended, for max_seconds at most. If it is still going, the result says so: call again."""
    run = await app.k6.test_runs.get(test_run_id)
    began = anyio.current_time()
    with anyio.move_on_after(max_seconds):
        while not run.is_final:
            await _report(ctx, app.k6, run, anyio.current_time() - began)
            await anyio.sleep(app.poll_seconds)
            run = await app.k6.test_runs.get(test_run_id)
    return TestRunDetails.of(run, await verdict_of(app.k6, run))


async def _report(ctx: Call, k6: K6Cloud, run: TestRun, waited: float) -> None:
    """Progress is the time waited, which only grows; the message says how the run is doing."""
    figures = await live_figures(k6, run)
    await ctx.report_progress(
        waited, message=escape(f"Run {run.id} is {run.status}{_time(run)}{figures and f': {figures}'}")
    )


def _time(run: TestRun) -> str:
    """Describe how long the run has been in its status, and how much of it is left."""
    lasted = max(0, round((datetime.now(UTC) - run.status_details.entered).total_seconds()))
    if run.status != "running" or not run.estimated_duration:
        return f", for {lasted} s"
    return f", for {lasted} s, about {max(0, run.estimated_duration - lasted)} s left"


OPERATIONS = [
    confirmed(
        start_load_test, "Start a load test", destructive=False, open_world=True, instead=NOT_STARTED_WITH
    ),
    read(list_load_test_runs, "List runs of a load test"),
    read(get_test_run, "Get a test run"),
    write(abort_test_run, "Abort a test run", destructive=True, ends_run=True),
    read(wait_for_test_run, "Wait for a test run"),
]
