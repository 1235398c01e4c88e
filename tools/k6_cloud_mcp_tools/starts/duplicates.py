"""The run that a start may already have made, so that one intent starts one run.

An answer can be lost, a confirmation can be used twice, an agent can repeat what it takes for failed. In each
case the runs of the test are looked at before anything is started.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import anyio

from k6_cloud.errors import K6CloudError, NoAnswer
from k6_cloud.models import Page, TestRun
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.acknowledgements import asks_nobody
from k6_cloud_mcp_tools.guard.start_records import REACH, Start
from k6_cloud_mcp_tools.results import StartedRun, counted
from k6_cloud_mcp_tools.starts.runs import newest_runs

_REPEATED_WITHIN = timedelta(hours=1)
# In units of `poll_seconds`: with its default, four looks within ten seconds.
_WAITS = (0.0, 0.5, 1.0, 2.0)
_LONGEST = 5.0


class StartUnknown(NoAnswer):
    """The answer to a start was lost, and no run of it is to be found yet."""


async def already_started(app: App, caller: str, since: datetime, load_test_id: int) -> StartedRun | None:
    """Return the run of this test that was started since then: by a confirmation that was used before, or is too old."""
    runs = (await newest_runs(app.k6, load_test_id)).value
    if start := await app.ledger.find(caller, load_test_id):
        run = start.run_among(runs)
    else:
        run = _last_made(await app.ledger.of(caller, load_test_id), since, runs)
    if run is None:
        return None
    await _settle(app, start, run)
    return _found(run, "to start another one, call start_load_test without confirmation_token")


async def made_before(app: App, caller: str, load_test_id: int, runs: Page[TestRun]) -> StartedRun | None:
    """Return the run that this caller's last start of the test made, if the caller was not told of it.

    If nobody is asked, the same call may be a repetition: then also a run of the last minutes that the caller has not
    named since, and any run of the last hour that has not ended.
    """
    own = await app.ledger.of(caller, load_test_id)
    start = next((start for start in own if start.is_open), None)
    if start and (run := start.run_among(runs.value, {one.run_id for one in own})):
        await _settle(app, start, run)
        return _found(run, "to start another one, call start_load_test again")
    if not asks_nobody(app.policy):
        return None
    if run := _under_way(runs):
        return _found(run, "another one can be started once it has ended")
    if run := _not_acknowledged(own, runs):
        return _found(run, "start_load_test starts another one once you have read this one")
    return None


async def run_of_lost_answer(app: App, start: Start, error: K6CloudError) -> TestRun:
    """The run that a start made whose answer was lost, looked for a few times. Raises StartUnknown without one."""
    readable = False
    with anyio.move_on_after(_LONGEST * app.poll_seconds):
        for wait in _WAITS:
            await anyio.sleep(wait * app.poll_seconds)
            try:
                runs = await newest_runs(app.k6, start.load_test_id)
            except K6CloudError:
                continue
            readable = True
            if run := start.run_among(runs.value):
                return run
    seen = "no new run is listed yet" if readable else "its runs could not be read either"
    raise StartUnknown(
        f"It is not known whether a run of load test {start.load_test_id} was started: the answer was lost, and {seen}. "
        "Call start_load_test again with the same arguments, without confirmation_token. That is safe: it first looks "
        "for the run of this attempt, and for 10 minutes it repeats this attempt's idempotency key."
    ) from error


async def _settle(app: App, start: Start | None, run: TestRun) -> None:
    if start is not None:
        await app.ledger.made(start, run.id)


def _last_made(own: Sequence[Start], since: datetime, runs: Sequence[TestRun]) -> TestRun | None:
    """Return the last run that this caller is known to have started since then, else the first one of anybody's."""
    made = {start.run_id for start in own}
    later = sorted((run for run in runs if run.created >= since), key=lambda run: run.id)
    return next((run for run in reversed(later) if run.id in made), later[0] if later else None)


def _not_acknowledged(own: Sequence[Start], runs: Page[TestRun]) -> TestRun | None:
    """Return the run of the last start, if it is recent and the caller has not shown since that it knows of it."""
    last = next(iter(own), None)
    if last is None or last.acknowledged or last.at < datetime.now(UTC) - REACH:
        return None
    return next((run for run in runs.value if last.is_of(run)), None)


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
