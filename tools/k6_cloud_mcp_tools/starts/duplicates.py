"""The run that a start may already have made, so that one intent starts one run.

An answer can be lost, a confirmation can be used twice, an agent can repeat what it takes for failed. In each
case the runs of the test are looked at before anything is started.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import K6CloudError, NoAnswer
from k6_cloud.models import Page, TestRun
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.audit import Attempt
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.unresolved_starts import OpenStart
from k6_cloud_mcp_tools.results import StartedRun, counted
from k6_cloud_mcp_tools.starts.runs import newest_runs

START = "start_load_test"
_LOOKED_BACK = timedelta(hours=24)
_REPEATED_WITHIN = timedelta(hours=1)
_RECORDS = 500
# In units of `poll_seconds`: with its default, four looks within ten seconds.
_WAITS = (0.0, 0.5, 1.0, 2.0)
_LONGEST = 5.0
_BEGAN = frozenset({"begun", "done", "failed", "unknown"})


class StartUnknown(NoAnswer):
    """The answer to a start was lost, and no run of it is to be found yet."""


async def already_started(app: App, caller: str, since: datetime, load_test_id: int) -> StartedRun | None:
    """The run of this test that was started since then: by a confirmation that was used before, or is too old."""
    runs = (await newest_runs(app.k6, load_test_id)).value
    if start := app.open_starts.find(caller, load_test_id):
        run = start.run_among(runs)
    else:
        run = await _last_made(app, caller, since, load_test_id, runs)
    if run is None:
        return None
    app.open_starts.end(caller, load_test_id, run.id)
    return _found(run, "to start another one, call start_load_test without confirmation_token")


async def made_before(app: App, caller: str, load_test_id: int, runs: Page[TestRun]) -> StartedRun | None:
    """The run that this caller's last start of the test made, where the caller was not told of it.

    Where nobody is asked, also any run of the last hour that has not ended: an agent may repeat a call.
    """
    if run := await _unreported(app, caller, load_test_id, runs):
        app.open_starts.end(caller, load_test_id, run.id)
        return _found(run, "to start another one, call start_load_test again")
    if _asks_nobody(app.policy) and (run := _under_way(runs)):
        return _found(run, "another one can be started once it has ended")
    return None


async def run_of_lost_answer(app: App, load_test_id: int, start: OpenStart, error: K6CloudError) -> TestRun:
    """The run that a start made whose answer was lost, looked for a few times. Raises StartUnknown without one."""
    readable = False
    with anyio.move_on_after(_LONGEST * app.poll_seconds):
        for wait in _WAITS:
            await anyio.sleep(wait * app.poll_seconds)
            try:
                runs = await newest_runs(app.k6, load_test_id)
            except K6CloudError:
                continue
            readable = True
            if run := start.run_among(runs.value):
                return run
    seen = "no new run is listed yet" if readable else "its runs could not be read either"
    raise StartUnknown(
        f"It is not known whether a run of load test {load_test_id} was started: the answer was lost, and {seen}. "
        "Call start_load_test again with the same arguments, without confirmation_token. That is safe: it first looks "
        "for the run of this attempt, and for 10 minutes it repeats this attempt's idempotency key."
    ) from error


async def _last_made(
    app: App, caller: str, since: datetime, load_test_id: int, runs: Sequence[TestRun]
) -> TestRun | None:
    """The last run that this caller is known to have started since then, else the first one of anybody's."""
    made = _reported(await _own_starts(app, caller, load_test_id))
    made.add(app.open_starts.last_made(caller, load_test_id))
    later = sorted((run for run in runs if run.created >= since), key=lambda run: run.id)
    return next((run for run in reversed(later) if run.id in made), later[0] if later else None)


async def _unreported(app: App, caller: str, load_test_id: int, runs: Page[TestRun]) -> TestRun | None:
    """The run of a start that is still open, in this process or by the audit."""
    if (start := app.open_starts.find(caller, load_test_id)) and (run := start.run_among(runs.value)):
        return run
    own = await _own_starts(app, caller, load_test_id)
    start = _open_by(own)
    return start.run_among(runs.value, _reported(own)) if start else None


async def _own_starts(app: App, caller: str, load_test_id: int) -> list[Attempt]:
    """Yield this caller's starts of the test that the audit has, newest first."""
    try:
        records = await app.audit.newest(_RECORDS)
    except OSError as error:
        raise ToolError(
            f"Not started: the audit file cannot be read ({error}), so an earlier start could be missed. Ask the operator."
        ) from error
    after = datetime.now(UTC) - _LOOKED_BACK
    return [
        attempt
        for attempt in records
        if (attempt.tool, attempt.caller) == (START, caller)
        and attempt.targets.get("load_test_id") == load_test_id
        and attempt.stage in _BEGAN
        and attempt.at > after
    ]


def _open_by(own: list[Attempt]) -> OpenStart | None:
    """The last start, where the audit leaves open how it ended."""
    if not own or own[0].stage not in ("begun", "unknown"):
        return None
    first = next(attempt for attempt in reversed(own) if attempt.id == own[0].id)
    return OpenStart(key="", since=first.at)


def _reported(own: list[Attempt]) -> set[int | None]:
    return {attempt.test_run_id for attempt in own}


def _asks_nobody(policy: Policy) -> bool:
    return START in policy.allow and policy.confirm in ("auto", "policy")


def _under_way(runs: Page[TestRun]) -> TestRun | None:
    after = datetime.now(UTC) - _REPEATED_WITHIN
    return next((run for run in runs.value if not run.is_final and run.created > after), None)


def _found(run: TestRun, otherwise: str) -> StartedRun:
    return StartedRun(
        test_run_id=run.id,
        status=run.status,
        already_started=_ago(run.created),
        next=f"This call started nothing. Call wait_for_test_run with test_run_id {run.id}; {otherwise}.",
    )


def _ago(moment: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} ago"
    return "just now"
