"""Tools for projects, and the names behind project ids."""

from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.models import Page, Project
from k6_cloud_mcp_tools.app import K6, App
from k6_cloud_mcp_tools.guard import Preview
from k6_cloud_mcp_tools.listing import one_page
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.parameters import Limit, NewProjectName, ProjectId, Search, Skip
from k6_cloud_mcp_tools.results import ProjectDetails, ProjectRow, Rows, counted

_NAMED = 10


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


async def update_project(k6: K6, project_id: ProjectId, name: NewProjectName) -> ProjectDetails:
    """Rename a project."""
    await k6.projects.update(project_id, name)
    return ProjectDetails.of(await k6.projects.get(project_id))


async def delete_project(k6: K6, project_id: ProjectId) -> ProjectDetails:
    """Delete a project for good, with all its load tests, runs and schedules. Shows what goes and asks first."""
    project = await k6.projects.get(project_id)
    await k6.projects.delete(project_id)
    return ProjectDetails.of(project)


async def preview_delete(app: App, project_id: int) -> Preview:
    """What a delete takes along. Raises ToolError for the default project."""
    project = await app.k6.projects.get(project_id)
    if project.is_default:
        raise ToolError(f"Not deleted: {project.name!r} is the default project, which cannot be deleted.")
    tests = await app.k6.load_tests.list(
        project_id=project_id, top=_NAMED, order_by="created desc", count=True
    )
    total = tests.count if tests.count is not None else len(tests.value)
    names = ", ".join(repr(test.name) for test in tests.value)
    more = ", …" if total > len(tests.value) else ""
    what = f"{counted(total, 'load test')} ({names}{more})" if total else "no load tests"
    text = (
        f"Delete project {project.name!r} (id {project.id}) with {what}, and with their scripts, runs, results and "
        "schedules. This cannot be undone."
    )
    return Preview(text, typed_name=project.name)


@dataclass(frozen=True)
class ProjectNames:
    """The names of all projects by id."""

    by_id: dict[int, str]

    def __contains__(self, project_id: int) -> bool:
        return project_id in self.by_id

    def label(self, project_id: int) -> str:
        """A project for people: its name, where it is known, and its id."""
        name = self.by_id.get(project_id)
        return f"{name!r} (id {project_id})" if name else f"id {project_id}"


async def project_names(k6: K6Cloud) -> ProjectNames:
    """All projects of the stack (there are 1000 at most)."""
    return ProjectNames({project.id: project.name for project in (await _all(k6)).value})


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
