"""Tools for finding and keeping test runs: over all tests, notes, stars, scripts, deletion."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud.safe_text import quote
from k6_cloud.test_runs import Distribution, PatchTestRun
from k6_cloud_mcp_tools.context import K6, TheApp
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.guard.spending import remember_todays_runs
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.operations.scripts import DownloadedScript, part_of
from k6_cloud_mcp_tools.parameters import (
    After,
    Before,
    Limit,
    ScriptMaxBytes,
    ScriptMember,
    ScriptOffset,
    Skip,
    TestRunId,
)
from k6_cloud_mcp_tools.results import AnyTestRunRow, Rows, TestRunDetails
from k6_cloud_mcp_tools.untrusted_text import quoted
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

_STARRED = "star_test_run and unstar_test_run set it."
_NOT_UPDATED = {
    "starred": _STARRED,
    "is_starred": _STARRED,
    "status": "abort_test_run stops a run; nothing else sets its status.",
    "result": "The API cannot set it: a result is what the thresholds say.",
    "name": "A run has no name. Its note says what it is.",
}


class Deleted(BaseModel):
    """A deleted run."""

    id: int


class ChangedTestRun(TestRunDetails, Changed):
    """A run after a write."""


async def list_test_runs(
    k6: K6, created_after: After = None, created_before: Before = None, limit: Limit = 20, skip: Skip = 0
) -> Rows[AnyTestRunRow]:
    """List the runs of all load tests, newest first."""
    listed = partial(k6.test_runs.list, created_after=created_after, created_before=created_before)
    total = (await listed(top=1, count=True)).count or 0
    # The API lists the oldest first and takes no order, so the newest are read from the end.
    end = max(0, total - skip)
    start = max(0, end - limit)
    page = await listed(top=end - start, skip=start) if end else None
    rows = [AnyTestRunRow.of(run) for run in reversed(page.value)] if page else []
    return Rows(rows=rows, total=total, next_skip=skip + len(rows) if start and rows else None)


async def update_test_run(k6: K6, test_run_id: TestRunId, note: str) -> ChangedTestRun:
    """Set the note of a run; an empty one removes it."""
    before = await k6.test_runs.get(test_run_id)
    await k6.test_runs.update(test_run_id, PatchTestRun(note=note))
    return await _changed(k6, before, {"note": note})


async def delete_test_run(app: TheApp, test_run_id: TestRunId) -> Plan[Deleted]:
    """Delete a run for good, with its results. Asks first."""
    run = await app.k6.test_runs.get(test_run_id)
    if not run.is_final:
        raise ToolError(
            f"Not deleted: run {run.id} is still {run.status}. Wait with wait_for_test_run or stop it with "
            "abort_test_run, then delete again."
        )
    test = await app.k6.load_tests.get(run.test_id)

    async def act() -> Deleted:
        now = await app.k6.test_runs.get(test_run_id)
        require_unchanged(_identity(run), _identity(now), f"run {test_run_id}")
        await remember_todays_runs(app)
        await app.k6.test_runs.delete(test_run_id)
        return Deleted(id=test_run_id)

    starred = " It is starred." if run.is_starred else ""
    note = f" Its note: {quoted(run.note)}." if run.note else ""
    text = (
        f"Delete run {run.id} of load test {quote(test.name)} (id {test.id}) of {run.created:%Y-%m-%d %H:%M} UTC, "
        f"{run.result or run.status}, with its results and metrics.{starred}{note} This cannot be undone."
    )
    return Plan(Preview(text, typed_name=str(run.id)), act)


def _identity(run: TestRun) -> tuple[int, bool | None, str | None]:
    return run.test_id, run.is_starred, run.note


async def get_test_run_distribution(k6: K6, test_run_id: TestRunId) -> Distribution:
    """Get the machines that generate a run's load, by load zone: to allow their addresses in a firewall."""
    return await k6.test_runs.distribution(test_run_id)


async def download_test_run_script(
    k6: K6,
    test_run_id: TestRunId,
    path: ScriptMember = None,
    offset: ScriptOffset = 0,
    max_bytes: ScriptMaxBytes = 20_000,
) -> DownloadedScript:
    """Read the script as it was when a run started, in parts, like download_load_test_script."""
    with await k6.test_runs.download_script(test_run_id) as script:
        return await to_thread.run_sync(part_of, script, path, offset, max_bytes)


async def star_test_run(k6: K6, test_run_id: TestRunId) -> ChangedTestRun:
    """Star a run, to find it again."""
    before = await k6.test_runs.get(test_run_id)
    await k6.test_runs.star(test_run_id)
    return await _changed(k6, before, {"starred": True})


async def unstar_test_run(k6: K6, test_run_id: TestRunId) -> ChangedTestRun:
    """Take the star off a run."""
    before = await k6.test_runs.get(test_run_id)
    await k6.test_runs.unstar(test_run_id)
    return await _changed(k6, before, {"starred": False})


async def _changed(k6: K6Cloud, before: TestRun, asked: Mapping[str, Any]) -> ChangedTestRun:
    """A run as it reads now, which has to show what was asked for, and what differs from `before`."""
    with reading_back():
        after = await k6.test_runs.get(before.id)
    old, new = ({"note": run.note, "starred": run.is_starred} for run in (before, after))
    require_shown(asked, new)
    return ChangedTestRun(**TestRunDetails.of(after).model_dump(), changed=changes(old, new))


OPERATIONS = [
    read(list_test_runs, "List test runs"),
    write(update_test_run, "Set a test run's note", idempotent=True, instead=_NOT_UPDATED),
    confirmed(delete_test_run, "Delete a test run", destructive=True),
    read(get_test_run_distribution, "Get a test run's machines"),
    write(star_test_run, "Star a test run", idempotent=True),
    write(unstar_test_run, "Unstar a test run", idempotent=True),
]
SCRIPT_OPERATIONS = [read(download_test_run_script, "Read a test run's script")]
