"""The runs of a load test, as previews and prices need them."""

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.models import Page, TestRun
from k6_cloud_mcp_tools.paging import SCAN_LIMIT, SCAN_PAGE
from k6_cloud_mcp_tools.results import counted


async def newest_runs(k6: K6Cloud, load_test_id: int) -> Page[TestRun]:
    """The newest runs of a test, with the count of all."""
    return await k6.load_tests.list_runs(load_test_id, top=20, order_by="created desc", count=True)


async def require_idle(k6: K6Cloud, load_test_id: int, newest: Page[TestRun]) -> None:
    """Raise ToolError while any of the test's runs is under way: of the newest, and of those before them."""
    _require_ended(load_test_id, newest)
    skip, total = len(newest.value), min(newest.count or 0, SCAN_LIMIT)
    while skip < total:
        page = await k6.load_tests.list_runs(load_test_id, top=SCAN_PAGE, skip=skip, order_by="created desc")
        if not page.value:
            return
        _require_ended(load_test_id, page)
        skip += len(page.value)


def _require_ended(load_test_id: int, runs: Page[TestRun]) -> None:
    for run in runs.value:
        if not run.is_final:
            raise ToolError(
                f"Not deleted: load test {load_test_id} is running (run {run.id}, {run.status}; the API answers 409). "
                f"Wait with wait_for_test_run or stop it with abort_test_run({run.id}), then delete again."
            )


async def running_in_project(k6: K6Cloud, project_id: int) -> TestRun | None:
    """A run of a project's tests that is under way, among the newest runs of the stack."""
    total = (await k6.test_runs.list(top=1, count=True)).count or 0
    # The API lists the oldest first, and cannot tell the runs of one project.
    page = await k6.test_runs.list(top=SCAN_PAGE, skip=max(0, total - SCAN_PAGE))
    return next((run for run in page.value if run.project_id == project_id and not run.is_final), None)


def runs_in_words(page: Page[TestRun]) -> str:
    """Describe the number of runs of a test."""
    return counted(page.count if page.count is not None else len(page.value), "run")
