"""Tools for load tests."""

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import Conflict, NotFound
from k6_cloud.models import LoadTest, Page, PatchLoadTest, TestRun
from k6_cloud_mcp_tools.app import K6, App, TheApp
from k6_cloud_mcp_tools.guard import Preview
from k6_cloud_mcp_tools.listing import ORDER_BY, SCAN_PAGE, one_page, search_pages
from k6_cloud_mcp_tools.operation import confirmed, read, write
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
from k6_cloud_mcp_tools.projects import project_names, the_project_id
from k6_cloud_mcp_tools.results import CreatedLoadTest, LoadTestRow, Rows, counted
from k6_cloud_mcp_tools.sources import facts, given_script


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
    with given_script(app, script, script_path) as source:
        try:
            created = await app.k6.load_tests.create(project, name, source, k6_version or None)
        except Conflict as error:
            raise ToolError(await _name_taken(app.k6, project, name)) from error
        return CreatedLoadTest(
            **LoadTestRow.of(created).model_dump(), script=facts(source) if source else None
        )


async def update_load_test(
    k6: K6, load_test_id: LoadTestId, name: Name | None = None, k6_version: K6Version = None
) -> LoadTestRow:
    """Rename a load test or pin its k6 version (0 unpins). For the script: upload_load_test_script; project: move_load_test."""
    changes: dict[str, str | int | None] = {"name": name} if name is not None else {}
    if k6_version is not None:
        changes["k6_version"] = k6_version or None
    if not changes:
        raise ToolError("Nothing to update: give name or k6_version.")
    await k6.load_tests.update(load_test_id, PatchLoadTest.model_validate(changes))
    return LoadTestRow.of(await k6.load_tests.get(load_test_id))


async def delete_load_test(k6: K6, load_test_id: LoadTestId) -> LoadTestRow:
    """Delete a load test for good, with its script, runs, results and schedule. Shows what goes and asks first."""
    test = await k6.load_tests.get(load_test_id)
    try:
        await k6.load_tests.delete(load_test_id)
    except Conflict:
        _require_idle(load_test_id, await newest_runs(k6, load_test_id))
        raise
    return LoadTestRow.of(test)


async def preview_delete(app: App, load_test_id: int) -> Preview:
    """What a delete takes along. Raises ToolError while the test runs."""
    test = await app.k6.load_tests.get(load_test_id)
    runs = await newest_runs(app.k6, load_test_id)
    _require_idle(load_test_id, runs)
    projects = await project_names(app.k6)
    text = (
        f"Delete load test {test.name!r} (id {test.id}) in project {projects.label(test.project_id)}, "
        f"with its script, {_runs(runs)} with results, and {await _schedule(app.k6, load_test_id)}. "
        "This cannot be undone."
    )
    return Preview(text, typed_name=test.name)


async def move_load_test(k6: K6, load_test_id: LoadTestId, project_id: ProjectId) -> LoadTestRow:
    """Move a load test with its runs and schedule to another project. Shows the effect and asks first."""
    test = await k6.load_tests.get(load_test_id)
    if test.project_id == project_id:
        return LoadTestRow.of(test)
    await k6.load_tests.move(load_test_id, project_id)
    return LoadTestRow.of(await k6.load_tests.get(load_test_id))


async def preview_move(app: App, load_test_id: int, project_id: int) -> Preview | None:
    """Where a move goes; None when the test is there already. Raises ToolError where it cannot work."""
    test = await app.k6.load_tests.get(load_test_id)
    if test.project_id == project_id:
        return None
    projects = await project_names(app.k6)
    if project_id not in projects:
        raise ToolError(f"Not moved: there is no project {project_id}. Find its id with list_projects.")
    await _require_free_name(app.k6, test, project_id)
    runs = await newest_runs(app.k6, load_test_id)
    text = (
        f"Move load test {test.name!r} (id {test.id}) from project {projects.label(test.project_id)} to "
        f"{projects.label(project_id)}, with {_runs(runs)} and {await _schedule(app.k6, load_test_id)}. "
        "Who can see and run it may change."
    )
    return Preview(text)


async def newest_runs(k6: K6Cloud, load_test_id: int) -> Page[TestRun]:
    """The newest runs of a test, with the count of all."""
    return await k6.load_tests.list_runs(load_test_id, top=20, order_by="created desc", count=True)


async def _list(
    k6: K6Cloud, project_id: int | None, search: str | None, limit: int, skip: int, order: Order
) -> Rows[LoadTestRow]:
    top = SCAN_PAGE if search else limit
    page = await k6.load_tests.list(
        project_id=project_id, top=top, skip=skip, order_by=ORDER_BY[order], count=True
    )
    if search:
        return await search_pages(k6.pages(page), search, limit, skip, LoadTestRow.of)
    return one_page(page, skip, LoadTestRow.of)


async def _name_taken(k6: K6Cloud, project_id: int, name: str) -> str:
    page = await k6.load_tests.list(project_id=project_id, name=name, top=1)
    existing = (
        f" It is load test {page.value[0].id}: to replace its script, use upload_load_test_script."
        if page.value
        else ""
    )
    return f"Not created: a load test named {name!r} already exists in project {project_id}.{existing}"


def _require_idle(load_test_id: int, runs: Page[TestRun]) -> None:
    for run in runs.value:
        if not run.is_final:
            raise ToolError(
                f"Not deleted: load test {load_test_id} is running (run {run.id}, {run.status}; the API answers 409). "
                f"Wait with wait_for_test_run or stop it with abort_test_run({run.id}), then delete again."
            )


async def _require_free_name(k6: K6Cloud, test: LoadTest, project_id: int) -> None:
    taken = await k6.load_tests.list(project_id=project_id, name=test.name, top=1)
    if taken.value:
        raise ToolError(
            f"Not moved: project {project_id} already has a load test named {test.name!r} "
            f"(id {taken.value[0].id}). Rename one of them with update_load_test, then move again."
        )


async def _schedule(k6: K6Cloud, load_test_id: int) -> str:
    """The schedule that goes along, in words that stay the same while somebody reads them."""
    try:
        schedule = await k6.schedules.of_load_test(load_test_id)
    except NotFound:
        return "no schedule (it has none)"
    return f"its schedule{' (deactivated)' if schedule.deactivated else ''}"


def _runs(page: Page[TestRun]) -> str:
    return counted(page.count if page.count is not None else len(page.value), "run")


OPERATIONS = [
    read(list_load_tests, "List load tests"),
    read(list_project_load_tests, "List load tests of a project"),
    read(get_load_test, "Get a load test"),
    write(create_load_test, "Create a load test"),
    write(update_load_test, "Update a load test", idempotent=True),
    confirmed(delete_load_test, "Delete a load test", preview_delete, destructive=True),
    confirmed(move_load_test, "Move a load test", preview_move, destructive=False, idempotent=True),
]
