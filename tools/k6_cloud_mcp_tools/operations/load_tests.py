"""Tools for load tests."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import Conflict, NotFound
from k6_cloud.models import LoadTest, PatchLoadTest
from k6_cloud.safe_text import quote
from k6_cloud.schedules import Schedule
from k6_cloud_mcp_tools.argument_hints import OPTIONS, SCRIPT
from k6_cloud_mcp_tools.context import K6, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.guard.spending import remember_todays_runs
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.paging import ORDER_BY, SCAN_PAGE, one_page, search_pages
from k6_cloud_mcp_tools.parameters import (
    K6Version,
    Limit,
    LoadTestId,
    Name,
    OptionalProjectId,
    Order,
    ProjectId,
    ScriptPath,
    ScriptText,
    Search,
    Skip,
)
from k6_cloud_mcp_tools.project_names import label_of, labelled, the_project_id
from k6_cloud_mcp_tools.results import CreatedLoadTest, KeptScript, LoadTestRow, Rows, ScriptFacts
from k6_cloud_mcp_tools.scripts.given import facts, given_script
from k6_cloud_mcp_tools.scripts.stored import describe, keep_script_of, script_to_lose
from k6_cloud_mcp_tools.starts.forecast import Forecast, forecast_in_project
from k6_cloud_mcp_tools.starts.runs import newest_runs, require_idle, runs_in_words
from k6_cloud_mcp_tools.starts.schedule_words import schedule_of, with_next_start
from k6_cloud_mcp_tools.storage.kept_scripts import fate
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

_CHANGEABLE = {"name", "project_id", "k6_version"}
_BASELINE = "Baselines are deprecated: star_test_run marks a run to find it again."
_SCHEDULE = "create_load_test_schedule sets the schedule."
_NOT_CREATED_WITH = {
    "schedule": "create_load_test_schedule sets the schedule, once the test is there.",
    "options": "Options are part of the script.",
    "vus": "Options are part of the script.",
    "duration": "Options are part of the script.",
}
_NOT_UPDATED = {
    "script": SCRIPT,
    "script_path": SCRIPT,
    "project_id": "move_load_test moves it to another project.",
    "schedule": _SCHEDULE,
    "cron": _SCHEDULE,
    "baseline": _BASELINE,
    "baseline_test_run_id": _BASELINE,
    "options": OPTIONS,
    "vus": OPTIONS,
    "duration": OPTIONS,
    "load_zones": OPTIONS,
}


class ChangedLoadTest(LoadTestRow, Changed):
    """A load test after a write."""


class DeletedLoadTest(LoadTestRow, KeptScript):
    """A deleted load test, and where its script is kept."""


async def list_load_tests(
    k6: K6, search: Search = None, limit: Limit = 20, skip: Skip = 0, order: Order = "newest"
) -> Rows[LoadTestRow]:
    """List load tests of all projects. With search, scanned of total tests were looked at; go on at next_skip."""
    return await _list(k6, None, search, limit, skip, order)


async def list_project_load_tests(
    k6: K6,
    project_id: ProjectId,
    search: Search = None,
    limit: Limit = 20,
    skip: Skip = 0,
    order: Order = "newest",
) -> Rows[LoadTestRow]:
    """List the load tests of one project, like list_load_tests."""
    return await _list(k6, project_id, search, limit, skip, order)


async def get_load_test(k6: K6, load_test_id: LoadTestId) -> LoadTestRow:
    """Get one load test."""
    return LoadTestRow.of(await k6.load_tests.get(load_test_id))


async def create_load_test(
    app: TheApp,
    name: Name,
    project_id: OptionalProjectId = None,
    script: ScriptText = None,
    script_path: ScriptPath = None,
    k6_version: K6Version = None,
) -> CreatedLoadTest:
    """Create a load test from a k6 script. It does not run it: price it with validate_options, then start_load_test."""
    project = await the_project_id(app, project_id)
    async with given_script(app, script, script_path) as source:
        try:
            created = await app.k6.load_tests.create(project, name, source, k6_version or None)
        except Conflict as error:
            raise ToolError(await _name_taken(app.k6, project, name)) from error
        return CreatedLoadTest(
            **LoadTestRow.of(created).model_dump(), script=facts(source) if source else None
        )


async def update_load_test(
    k6: K6, load_test_id: LoadTestId, name: Name | None = None, k6_version: K6Version = None
) -> ChangedLoadTest:
    """Rename a load test or pin its k6 version (0 unpins). For the script: upload_load_test_script; project: move_load_test."""
    asked: dict[str, str | int | None] = {"name": name} if name is not None else {}
    if k6_version is not None:
        asked["k6_version"] = k6_version or None
    if not asked:
        raise ToolError("Nothing to update: give name or k6_version.")
    before = await k6.load_tests.get(load_test_id)
    await k6.load_tests.update(load_test_id, PatchLoadTest.model_validate(asked))
    return await _changed(k6, before, asked)


async def delete_load_test(app: TheApp, load_test_id: LoadTestId) -> Plan[DeletedLoadTest]:
    """Delete a load test for good, with its script, runs, results and schedule. Shows what goes and asks first."""
    test, runs, schedule, script = await gather(
        app.k6.load_tests.get(load_test_id),
        newest_runs(app.k6, load_test_id),
        schedule_of(app.k6, load_test_id),
        script_to_lose(app, load_test_id),
    )
    await require_idle(app.k6, load_test_id, runs)
    project = await label_of(app.k6, test.project_id)

    async def act() -> DeletedLoadTest:
        now = await app.k6.load_tests.get(load_test_id)
        require_unchanged(_identity(test), _identity(now), f"load test {load_test_id}")
        kept = await keep_script_of(app, load_test_id, test.project_id)
        require_unchanged(script, kept, f"the script of load test {load_test_id}")
        await remember_todays_runs(app)
        await _delete(app.k6, load_test_id)
        undo = KeptScript.to_restore(kept.sha256, app.kept_scripts.days, None) if kept else KeptScript()
        return DeletedLoadTest(**LoadTestRow.of(now).model_dump(), **undo.model_dump())

    with_script = _script_in_words(script) if app.kept_scripts.days else "its script"
    undo = f" {fate(app.kept_scripts, 'The script')}" if app.kept_scripts.days else ""
    text = (
        f"Delete load test {quote(test.name)} (id {test.id}) in project {project}, with {with_script}, "
        f"{runs_in_words(runs)} with results, and {_schedule_in_words(schedule)}. This cannot be undone.{undo}"
    )
    return Plan(Preview.naming(text, test.name, test.id), act)


async def move_load_test(
    app: TheApp, load_test_id: LoadTestId, project_id: ProjectId
) -> Plan[ChangedLoadTest]:
    """Move a load test with its runs and schedule to another project. Shows the effect and asks first."""
    test = await app.k6.load_tests.get(load_test_id)

    async def act() -> ChangedLoadTest:
        before = await app.k6.load_tests.get(load_test_id)
        require_unchanged(_identity(test), _identity(before), f"load test {load_test_id}")
        if before.project_id == project_id:
            return ChangedLoadTest.of(before)
        await app.k6.load_tests.move(load_test_id, project_id)
        return await _changed(app.k6, before, {"project_id": project_id})

    if test.project_id == project_id:
        return Plan(None, act)
    target = await _target(app.k6, project_id)
    await _require_free_name(app.k6, test, project_id)
    forecast = await forecast_in_project(app, test, project_id)
    preview = await _preview_of_move(app.k6, test, project_id, target, forecast)
    return Plan(preview, act, forecast.load if forecast else None)


async def _preview_of_move(
    k6: K6Cloud, test: LoadTest, project_id: int, target: str, forecast: Forecast | None
) -> Preview:
    """The effect of a move."""
    source, runs, schedule, limits, zones = await gather(
        label_of(k6, test.project_id),
        newest_runs(k6, test.id),
        schedule_of(k6, test.id),
        _limits(k6, project_id),
        _lost_zones(k6, test.project_id, project_id),
    )
    text = (
        f"Move load test {quote(test.name)} (id {test.id}) from project {source} to {target}, with {runs_in_words(runs)} "
        f"and {_schedule_in_words(schedule)}. Who can see and run it may change.{limits}{zones}"
    )
    return Preview("\n".join([text, *(forecast.permitted if forecast else [])]))


async def _delete(k6: K6Cloud, load_test_id: int) -> None:
    try:
        await k6.load_tests.delete(load_test_id)
    except Conflict:
        await require_idle(k6, load_test_id, await newest_runs(k6, load_test_id))
        raise


def _identity(test: LoadTest) -> tuple[str, int]:
    return test.name, test.project_id


async def _changed(k6: K6Cloud, before: LoadTest, asked: Mapping[str, Any]) -> ChangedLoadTest:
    """A test as it reads now, which has to show what was asked for, and what differs from `before`."""
    with reading_back():
        after = await k6.load_tests.get(before.id)
    old, new = (one.model_dump(mode="json", include=_CHANGEABLE) for one in (before, after))
    require_shown(asked, new)
    return ChangedLoadTest(**LoadTestRow.of(after).model_dump(), changed=changes(old, new))


async def _target(k6: K6Cloud, project_id: int) -> str:
    try:
        return labelled(await k6.projects.get(project_id))
    except NotFound as error:
        raise ToolError(
            f"Not moved: there is no project {project_id}. Find its id with list_projects."
        ) from error


async def _require_free_name(k6: K6Cloud, test: LoadTest, project_id: int) -> None:
    taken = await k6.load_tests.list(project_id=project_id, name=test.name, top=1)
    if taken.value:
        raise ToolError(
            f"Not moved: project {project_id} already has a load test named {quote(test.name)} "
            f"(id {taken.value[0].id}). Rename one of them with update_load_test, then move again."
        )


def _script_in_words(script: ScriptFacts | None) -> str:
    return f"its script ({describe(script)})" if script else "no script (it has none)"


def _schedule_in_words(schedule: Schedule | None) -> str:
    """The schedule that goes along."""
    return f"its schedule: {with_next_start(schedule)}" if schedule else "no schedule (it has none)"


async def _limits(k6: K6Cloud, project_id: int) -> str:
    """The limits that hold for the test once it is there."""
    limits = (await k6.limits.get(project_id)).model_dump(exclude={"project_id"}, exclude_none=True)
    words = ", ".join(f"{name} {value}" for name, value in limits.items())
    return f" Limits there: {words}." if words else ""


async def _lost_zones(k6: K6Cloud, source: int, target: int) -> str:
    """The private load zones that the test may no longer use."""
    before = (await k6.load_zones.of_project(source)).value
    allowed = {zone.id for zone in (await k6.load_zones.of_project(target)).value}
    lost = [repr(zone.name) for zone in before if not zone.public and zone.id not in allowed]
    return f" It loses the private load zones {', '.join(lost)}." if lost else ""


async def _list(
    k6: K6Cloud, project_id: int | None, search: str | None, limit: int, skip: int, order: Order
) -> Rows[LoadTestRow]:
    listed = partial(k6.load_tests.list, project_id=project_id, order_by=ORDER_BY[order], count=True)
    if search:
        pages = k6.pages(listed, top=SCAN_PAGE, skip=skip)
        return await search_pages(pages, search, limit, skip, LoadTestRow.of)
    return one_page(await listed(top=limit, skip=skip), skip, LoadTestRow.of)


async def _name_taken(k6: K6Cloud, project_id: int, name: str) -> str:
    page = await k6.load_tests.list(project_id=project_id, name=name, top=1)
    existing = (
        f" It is load test {page.value[0].id}: to replace its script, use upload_load_test_script."
        if page.value
        else ""
    )
    return f"Not created: a load test named {quote(name)} already exists in project {project_id}.{existing}"


OPERATIONS = [
    read(list_load_tests, "List load tests"),
    read(list_project_load_tests, "List load tests of a project"),
    read(get_load_test, "Get a load test"),
    write(create_load_test, "Create a load test", instead=_NOT_CREATED_WITH),
    write(update_load_test, "Update a load test", idempotent=True, instead=_NOT_UPDATED),
    confirmed(delete_load_test, "Delete a load test", destructive=True),
    confirmed(move_load_test, "Move a load test", destructive=False, idempotent=True),
]
