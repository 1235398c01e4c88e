"""What deleting or moving a load test would really do."""

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFound
from k6_cloud.models import LoadTest
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.previews import Preview
from k6_cloud_mcp_tools.operations.projects import label_of, labelled
from k6_cloud_mcp_tools.operations.scripts import check_script_of
from k6_cloud_mcp_tools.starts.runs import newest_runs, require_idle, runs_in_words
from k6_cloud_mcp_tools.starts.schedule_words import with_next_start
from k6_cloud_mcp_tools.storage.kept_scripts import fate


async def preview_delete(app: App, load_test_id: int) -> Preview:
    """What a delete takes along. Raises ToolError while the test runs, or where its script cannot be kept."""
    test = await app.k6.load_tests.get(load_test_id)
    runs = await newest_runs(app.k6, load_test_id)
    await require_idle(app.k6, load_test_id, runs)
    script = await check_script_of(app, load_test_id)
    undo = f" {fate(app.kept_scripts, 'The script')}" if app.kept_scripts.days else ""
    text = (
        f"Delete load test {test.name!r} (id {test.id}) in project {await label_of(app.k6, test.project_id)}, "
        f"with {script}, {runs_in_words(runs)} with results, and {await _schedule(app.k6, load_test_id)}. "
        f"This cannot be undone.{undo}"
    )
    return Preview(text, typed_name=test.name)


async def preview_move(app: App, load_test_id: int, project_id: int) -> Preview | None:
    """Where a move goes; None when the test is there already. Raises ToolError where it cannot work."""
    test = await app.k6.load_tests.get(load_test_id)
    if test.project_id == project_id:
        return None
    target = await _target(app.k6, project_id)
    await _require_free_name(app.k6, test, project_id)
    runs = await newest_runs(app.k6, load_test_id)
    text = (
        f"Move load test {test.name!r} (id {test.id}) from project {await label_of(app.k6, test.project_id)} to "
        f"{target}, with {runs_in_words(runs)} and {await _schedule(app.k6, load_test_id)}. "
        "Who can see and run it may change."
    )
    return Preview(
        text + await _limits(app.k6, project_id) + await _lost_zones(app.k6, test.project_id, project_id)
    )


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
            f"Not moved: project {project_id} already has a load test named {test.name!r} "
            f"(id {taken.value[0].id}). Rename one of them with update_load_test, then move again."
        )


async def _schedule(k6: K6Cloud, load_test_id: int) -> str:
    """The schedule that goes along."""
    try:
        return f"its schedule: {with_next_start(await k6.schedules.of_load_test(load_test_id))}"
    except NotFound:
        return "no schedule (it has none)"


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
