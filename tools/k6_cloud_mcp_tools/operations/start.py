"""The priced preview of start_load_test."""

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import Forbidden, K6CloudError, NotFound
from k6_cloud.models import Json, LoadTest, Page, TestRun, object_of
from k6_cloud.scripts.targets import targets_of
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.guard.previews import Preview, Settled
from k6_cloud_mcp_tools.guard.spending import left_of, spent_this_month
from k6_cloud_mcp_tools.guard.unresolved_starts import newest_seen
from k6_cloud_mcp_tools.operations.projects import label_of
from k6_cloud_mcp_tools.operations.scripts import describe, stored_script
from k6_cloud_mcp_tools.starts.duplicates import made_before
from k6_cloud_mcp_tools.starts.pricing import price_of_script, reason_of, refusing
from k6_cloud_mcp_tools.starts.runs import newest_runs
from k6_cloud_mcp_tools.untrusted_text import visible


async def preview_start(app: App, load_test_id: int) -> Preview:
    """The price and circumstances of a start. Raises ToolError for a test without a script that can run.

    Raises Settled where an earlier call already started what this one is to start.
    """
    test = await app.k6.load_tests.get(load_test_id)
    # One look at the runs for both: a run that this misses is not in the preview either, nor in its key.
    runs = await newest_runs(app.k6, load_test_id)
    if made := await made_before(app, caller(), load_test_id, runs):
        raise Settled(made)
    newest_seen.set(max((run.id for run in runs.value), default=0))
    stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        raise ToolError(
            f"Not started: load test {test.id} has no script. Set one with upload_load_test_script first."
        )
    with stored as script, refusing("Not started"):
        price = await price_of_script(app, test, script, runs)
        targets = await to_thread.run_sync(targets_of, script, price.options)
        lines = [
            await _headline(app, test),
            f"Script: {describe(script)}.",
            f"Targets: {targets}.",
            f"Cost: {price.words}.",
            *_zones(price.options),
            *await _monthly_limit(app, test.project_id, price.vuh),
            *_earlier_runs(runs),
        ]
        return Preview("\n".join(lines), load=price.planned())


async def _headline(app: App, test: LoadTest) -> str:
    where = (
        "k6 runs on this machine (sandbox): nothing is charged" if app.sandbox else "it sends real traffic"
    )
    project = await label_of(app.k6, test.project_id)
    return f"Start load test {test.name!r} (id {test.id}) in project {project}; {where}."


def _zones(options: Json | None) -> list[str]:
    """The load zones that the options name, if any."""
    given = options or {}
    cloud = object_of(given.get("cloud")) or object_of(object_of(given.get("ext")).get("loadimpact"))
    zones = [object_of(zone) for zone in object_of(cloud.get("distribution")).values()]
    shares = [visible(f"{zone.get('loadZone')} {zone.get('percent')} %") for zone in zones]
    return [f"Load zones: {', '.join(shares)}."] if shares else []


async def _monthly_limit(app: App, project_id: int, vuh: float | None) -> list[str]:
    """What the project may still use this month; nothing where it has no limit."""
    try:
        limit = (await app.k6.limits.get(project_id)).vuh_max_per_month
        spent = await spent_this_month(app.k6, project_id) if limit is not None else None
    except (Forbidden, NotFound):
        return []
    except K6CloudError as error:
        return [f"Monthly limit of its project: not known ({reason_of(error)})."]
    return [f"Monthly limit of its project: {left_of(limit, spent, vuh)}."] if limit and spent else []


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
