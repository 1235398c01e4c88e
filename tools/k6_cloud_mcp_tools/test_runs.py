"""Tools for test runs."""

from datetime import UTC, datetime
from typing import Annotated

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from k6_cloud.errors import Conflict
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.app import K6, Call, TheApp
from k6_cloud_mcp_tools.listing import one_page
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.parameters import Limit, LoadTestId, Skip, TestRunId
from k6_cloud_mcp_tools.results import Rows, StartedRun, TestRunDetails, TestRunRow
from k6_cloud_mcp_tools.start_preview import preview_start


async def start_load_test(k6: K6, load_test_id: LoadTestId) -> StartedRun:
    """Start a run of a load test: real traffic, and it costs VUh. Shows the price and asks first. Then wait_for_test_run."""
    run = await k6.load_tests.start(load_test_id)
    return StartedRun(
        test_run_id=run.id,
        status=run.status,
        page_url=run.test_run_details_page_url,
        next=f"Call wait_for_test_run with test_run_id {run.id}.",
    )


async def list_load_test_runs(
    k6: K6, load_test_id: LoadTestId, limit: Limit = 20, skip: Skip = 0
) -> Rows[TestRunRow]:
    """List the runs of a load test, newest first."""
    page = await k6.load_tests.list_runs(
        load_test_id, top=limit, skip=skip, order_by="created desc", count=True
    )
    return one_page(page, skip, TestRunRow.of)


async def get_test_run(k6: K6, test_run_id: TestRunId) -> TestRunDetails:
    """Get a run: status, result (passed or failed by its thresholds, error if it broke off), cost and options."""
    return TestRunDetails.of(await k6.test_runs.get(test_run_id))


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
            await _report(ctx, run, anyio.current_time() - began)
            await anyio.sleep(app.poll_seconds)
            run = await app.k6.test_runs.get(test_run_id)
    return TestRunDetails.of(run)


async def _report(ctx: Call, run: TestRun, waited: float) -> None:
    """Progress is the time waited, which only grows; the message says how far the run is."""
    entered = run.status_details.entered
    lasted = max(0, round((datetime.now(UTC) - entered).total_seconds()))
    expected = (
        f" of about {run.estimated_duration} s" if run.estimated_duration and run.status == "running" else ""
    )
    await ctx.report_progress(waited, message=f"Run {run.id} is {run.status}, for {lasted} s{expected}")


OPERATIONS = [
    confirmed(start_load_test, "Start a load test", preview_start, destructive=False, open_world=True),
    read(list_load_test_runs, "List runs of a load test"),
    read(get_test_run, "Get a test run"),
    write(abort_test_run, "Abort a test run", destructive=True),
    read(wait_for_test_run, "Wait for a test run"),
]
