"""Tools for projects, and the names behind project ids."""

from collections.abc import Sequence

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud.errors import Forbidden, NotFound
from k6_cloud.models import LoadTest, Page, Project
from k6_cloud_mcp_tools.context import K6, App, TheApp
from k6_cloud_mcp_tools.guard.previews import Preview
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.operations.scripts import keep_script_of
from k6_cloud_mcp_tools.paging import one_page
from k6_cloud_mcp_tools.parameters import Limit, NewProjectName, ProjectId, Search, Skip
from k6_cloud_mcp_tools.results import ProjectDetails, ProjectRow, Rows, counted
from k6_cloud_mcp_tools.starts.runs import running_in_project
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep
from k6_cloud_mcp_tools.verified_writes import Changed, changes, reading_back, require_shown

_NAMED = 10
_KEPT = 100
_SHORT = 16


class ChangedProject(ProjectDetails, Changed):
    """A project after a write."""


class KeptTestScript(BaseModel):
    """The script of a deleted test, by the name of the test; `sha256` is its beginning, which is enough."""

    name: str
    sha256: str


class DeletedProject(ProjectDetails):
    """What was deleted, and which scripts are kept."""

    kept_scripts: list[KeptTestScript] | None = None
    undo: str | None = None


async def list_projects(k6: K6, search: Search = None, limit: Limit = 20, skip: Skip = 0) -> Rows[ProjectRow]:
    """List projects."""
    page = await k6.projects.list(
        name_search=search, top=limit, skip=skip, order_by="created desc", count=True
    )
    return one_page(page, skip, ProjectRow.of)


async def get_project(k6: K6, project_id: ProjectId) -> ProjectDetails:
    """Get one project, with its labels."""
    return ProjectDetails.of(await k6.projects.get(project_id))


async def create_project(k6: K6, name: NewProjectName) -> ProjectDetails:
    """Create a project."""
    return ProjectDetails.of(await k6.projects.create(name))


async def update_project(k6: K6, project_id: ProjectId, name: NewProjectName) -> ChangedProject:
    """Rename a project."""
    before = await k6.projects.get(project_id)
    await k6.projects.update(project_id, name)
    with reading_back():
        after = await k6.projects.get(project_id)
    require_shown({"name": name}, {"name": after.name})
    return ChangedProject(
        **ProjectDetails.of(after).model_dump(), changed=changes({"name": before.name}, {"name": after.name})
    )


async def delete_project(app: TheApp, project_id: ProjectId) -> DeletedProject:
    """Delete a project for good, with all its load tests, runs and schedules. Shows what goes and asks first."""
    project = await app.k6.projects.get(project_id)
    kept = await _keep_scripts(app, await _newest_tests(app.k6, project_id))
    await app.k6.projects.delete(project_id)
    return DeletedProject(
        **ProjectDetails.of(project).model_dump(),
        kept_scripts=kept or None,
        undo=f"For up to {app.kept_scripts.days} days: restore_load_test_script with a sha256 of kept_scripts."
        if kept
        else None,
    )


async def preview_delete(app: App, project_id: int) -> Preview:
    """What a delete takes along. Raises ToolError for the default project, and while a test of it runs."""
    project = await app.k6.projects.get(project_id)
    if project.is_default:
        raise ToolError(f"Not deleted: {project.name!r} is the default project, which cannot be deleted.")
    if run := await running_in_project(app.k6, project_id):
        raise ToolError(
            f"Not deleted: load test {run.test_id} of project {project.name!r} is running (run {run.id}, {run.status}). "
            f"Wait with wait_for_test_run or stop it with abort_test_run({run.id}), then delete again."
        )
    tests = await _newest_tests(app.k6, project_id)
    total = tests.count if tests.count is not None else len(tests.value)
    text = (
        f"Delete project {project.name!r} (id {project.id}) with {_named(tests.value, total)}, and with their scripts, "
        f"runs, results and schedules. This cannot be undone.{_fate(app, len(tests.value), total)}"
    )
    return Preview(text, typed_name=project.name)


async def _newest_tests(k6: K6Cloud, project_id: int) -> Page[LoadTest]:
    """The tests whose scripts are kept when the project goes, and the number of all."""
    return await k6.load_tests.list(
        project_id=project_id, top=_KEPT, order_by="created desc,id desc", count=True
    )


def _named(tests: Sequence[LoadTest], total: int) -> str:
    if not total:
        return "no load tests"
    names = ", ".join(repr(test.name) for test in tests[:_NAMED])
    return f"{counted(total, 'load test')} ({names}{', …' if total > _NAMED else ''})"


def _fate(app: App, kept: int, total: int) -> str:
    """What becomes of the scripts, as a sentence."""
    if not app.kept_scripts.days or not total:
        return ""
    which = (
        "The scripts of its load tests are" if kept == total else f"Only the scripts of the {kept} newest are"
    )
    return f" {which} kept for up to {app.kept_scripts.days} days: restore_load_test_script brings one back."


async def _keep_scripts(app: App, tests: Page[LoadTest]) -> list[KeptTestScript]:
    """Keep the script of each test. Raises CannotKeep, also where they are too much together."""
    kept: list[KeptTestScript] = []
    sizes: dict[str, int] = {}
    for test in tests.value:
        if script := await keep_script_of(app, test.id, test.project_id):
            sizes[script.sha256] = script.size
            kept.append(KeptTestScript(name=test.name, sha256=script.sha256[:_SHORT]))
        if sum(sizes.values()) > app.kept_scripts.max_bytes:
            raise CannotKeep("together they are more than K6_MCP_BACKUP_MAX_MIB")
    return kept


async def label_of(k6: K6Cloud, project_id: int) -> str:
    """A project for people: its name, where the token may see it, and its id."""
    try:
        return labelled(await k6.projects.get(project_id))
    except (NotFound, Forbidden):
        return f"id {project_id}"


def labelled(project: Project) -> str:
    """A project for people: its name and its id."""
    return f"{project.name!r} (id {project.id})"


async def project_names(k6: K6Cloud) -> dict[int, str]:
    """The names of all projects of the stack (there are 1000 at most) by id."""
    return {project.id: project.name for project in (await _all(k6)).value}


async def the_project_id(app: App, given: int | None) -> int:
    """The project to use: the one given, the configured one, or the stack's default. Raises ToolError for none."""
    if configured := given or app.default_project_id:
        return configured
    for project in (await _all(app.k6)).value:
        if project.is_default:
            return project.id
    raise ToolError("Which project? There is no default one: give project_id, from list_projects.")


async def _all(k6: K6Cloud) -> Page[Project]:
    return await k6.projects.list(top=1000)


OPERATIONS = [
    read(list_projects, "List projects"),
    read(get_project, "Get a project"),
    write(create_project, "Create a project"),
    write(update_project, "Rename a project", idempotent=True),
    confirmed(delete_project, "Delete a project", preview_delete, destructive=True),
]
