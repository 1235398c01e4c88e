"""The tool that starts a load test, with its priced preview."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import (
    BadRequest,
    Forbidden,
    K6CloudError,
    NotFound,
    OutOfScope,
    Unauthorized,
)
from k6_cloud.models import Json, LoadTest, Page, TestRun
from k6_cloud.planning.cloud_options import cloud_options
from k6_cloud.safe_text import quote
from k6_cloud.scripts.reach import in_words, reach_of
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.targets import Targets, targets_of
from k6_cloud.wrappers.dry_run import Rehearsed
from k6_cloud_mcp_tools.argument_hints import OPTIONS, SCRIPT
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.acknowledgements import START
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.guard.confirmations import Act
from k6_cloud_mcp_tools.guard.plan import Plan, Preview, Settled
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad
from k6_cloud_mcp_tools.guard.spending import Spent, left_of, spent_this_month
from k6_cloud_mcp_tools.guard.start_records import Start
from k6_cloud_mcp_tools.parameters import LoadTestId
from k6_cloud_mcp_tools.project_names import label_of
from k6_cloud_mcp_tools.results import StartedRun
from k6_cloud_mcp_tools.scripts.stored import describe, stored_script
from k6_cloud_mcp_tools.starts.active_schedules import runs_of_others
from k6_cloud_mcp_tools.starts.duplicates import already_started, made_before, run_of_lost_answer
from k6_cloud_mcp_tools.starts.pricing import Price, price_of_script, reason_of, refusing
from k6_cloud_mcp_tools.starts.runs import newest_runs
from k6_cloud_mcp_tools.untrusted_text import visible
from k6_cloud_mcp_tools.verified_writes import require_unchanged

NOT_STARTED_WITH = {
    "options": OPTIONS,
    "vus": OPTIONS,
    "duration": OPTIONS,
    "note": "update_test_run sets the note, once the run is there.",
    "script": SCRIPT,
}
# Refusals that would have met an earlier try of the same start, too: nothing can have been started.
_NOT_STARTED = (BadRequest, Unauthorized, Forbidden, NotFound, OutOfScope, Rehearsed)


async def start_load_test(app: TheApp, load_test_id: LoadTestId) -> Plan[StartedRun] | Settled[StartedRun]:
    """Start a run of a load test: real traffic, and it costs VUh. Shows the price and asks first. Then wait_for_test_run."""
    who = caller()
    # One look at the runs for both: a run that this misses is not in the preview either, nor in its key.
    test, runs, stored = await gather(
        app.k6.load_tests.get(load_test_id),
        newest_runs(app.k6, load_test_id),
        stored_script(app.k6, load_test_id),
    )
    with stored or nullcontext():
        if made := await made_before(app, who, load_test_id, runs):
            return Settled(made)
        script = _required(stored, load_test_id)
        preview, price = await _preview(app, test, script, runs)
    load = PlannedLoad((price.planned_run(),), runs_of_others(app))
    intent = Start(
        load_test_id=load_test_id,
        caller=who,
        key=app.confirmations.key_for(Act(START, {"load_test_id": load_test_id}, preview.shown, who)),
        newest=max((run.id for run in runs.value), default=0),
        most_vuh=load.runs[0].vuh,
    )

    async def act() -> StartedRun:
        await _require_seen(app, test, script.sha256)
        # An answer may come minutes after the preview.
        begun = intent.model_copy(update={"at": datetime.now(UTC)})
        return await _start(app, begun, price.digest if app.sandbox else None)

    async def repeated(since: datetime) -> StartedRun | None:
        return await already_started(app, who, since, load_test_id)

    return Plan(preview, act, load, repeated)


async def _start(app: App, intent: Start, options_digest: str | None) -> StartedRun:
    """Start a run under the key of this intent, or of one that is still open; or find it if the answer is lost."""
    start = await app.ledger.begin(intent)
    try:
        started = await _started(app, start, options_digest)
    except _NOT_STARTED:
        if start.id == intent.id:
            await app.ledger.refused(start)
        raise
    await app.ledger.made(start, started.test_run_id)
    return started


async def _started(app: App, start: Start, options_digest: str | None) -> StartedRun:
    try:
        run = await app.k6.load_tests.start(start.load_test_id, start.key, options_digest)
    except _NOT_STARTED:
        raise
    except K6CloudError as error:
        found = await run_of_lost_answer(app, start, error)
        return _told(found, "The answer to the start was lost, and the run was then found in the list. ")
    return _told(run, page_url=run.test_run_details_page_url)


def _told(run: TestRun, note: str = "", page_url: str | None = None) -> StartedRun:
    return StartedRun(
        test_run_id=run.id,
        status=run.status,
        page_url=page_url,
        next=f"{note}Call wait_for_test_run with test_run_id {run.id}.",
    )


def _required(stored: Script | None, load_test_id: int) -> Script:
    if stored is None:
        raise ToolError(
            f"Not started: load test {load_test_id} has no script. Set one with upload_load_test_script first."
        )
    return stored


async def _require_seen(app: App, test: LoadTest, sha256: str) -> None:
    """Raise ToolError unless the test still is as it was previewed, with the same script."""
    now, stored = await gather(app.k6.load_tests.get(test.id), stored_script(app.k6, test.id))
    with stored or nullcontext():
        require_unchanged(
            (test.name, test.project_id, sha256),
            (now.name, now.project_id, stored and stored.sha256),
            f"load test {test.id}",
        )


async def _preview(app: App, test: LoadTest, script: Script, runs: Page[TestRun]) -> tuple[Preview, Price]:
    """The price and circumstances of a start. Raises ToolError for a script that cannot run."""
    with refusing("Not started"):
        price, project, monthly = await gather(
            price_of_script(app, test, script, runs),
            label_of(app.k6, test.project_id),
            _monthly(app.k6, test.project_id),
        )
    targets = await to_thread.run_sync(targets_of, script, price.options)
    where = (
        "k6 runs on this machine (sandbox): nothing is charged" if app.sandbox else "it sends real traffic"
    )
    lines = [
        f"Start load test {quote(test.name)} (id {test.id}) in project {project}; {where}.",
        f"Script: {describe(script)}.",
        f"Targets: {targets}.",
        *await _reach(app, targets),
        f"Cost: {price.words}.",
        *_zones(price.options),
        *_monthly_in_words(monthly, price.vuh),
        *_earlier_runs(runs),
    ]
    return Preview("\n".join(lines)), price


async def _reach(app: App, targets: Targets) -> Iterable[str]:
    """Describe what a run on this machine reaches; empty for runs in the cloud."""
    rules = await app.network_rules() if app.network_rules else None
    if rules is None:
        return ()
    return [" ".join(in_words(targets, reach_of(targets, rules), rules))]


def _zones(options: Json | None) -> list[str]:
    """The load zones that the options name, if any."""
    named = cloud_options(options or {}).shares
    shares = [visible(f"{share.load_zone} {share.percent} %") for share in named]
    return [f"Load zones: {', '.join(shares)}."] if shares else []


async def _monthly(k6: K6Cloud, project_id: int) -> tuple[int | None, Spent] | None:
    """The monthly limit of a project and what is spent of it; None if there is no limit, or none for us to read."""
    try:
        limit = (await k6.limits.get(project_id)).vuh_max_per_month
        return None if limit is None else (limit, await spent_this_month(k6, project_id))
    except (Forbidden, NotFound):
        return None
    except K6CloudError as error:
        return None, Spent(None, reason_of(error))


def _monthly_in_words(monthly: tuple[int | None, Spent] | None, vuh: float | None) -> list[str]:
    """Describe what the project may still use this month."""
    if monthly is None:
        return []
    limit, spent = monthly
    words = f"not known ({spent.reason})" if limit is None else left_of(limit, spent, vuh)
    return [f"Monthly limit of its project: {words}."]


def _earlier_runs(runs: Page[TestRun]) -> list[str]:
    """The newest run, always by its id: a start makes another preview, and so another key, of the next one."""
    if not runs.value:
        return ["It has never run."]
    last = runs.value[0]
    ended = f"Last run: {last.id}, {last.created:%Y-%m-%d %H:%M} UTC, {last.result or last.status}."
    # Not how far an unfinished run is: the preview must stay the same while somebody reads it.
    unfinished = [
        f"Run {run.id} of this test has not ended: this would be one more."
        for run in runs.value
        if not run.is_final
    ][:1]
    return [*([ended] if last.is_final else []), *unfinished]
