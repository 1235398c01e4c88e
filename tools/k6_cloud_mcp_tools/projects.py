"""Tools for projects, and the names behind project ids."""

from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.models import Page, Project
from k6_cloud_mcp_tools.app import K6, App
from k6_cloud_mcp_tools.listing import one_page
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.parameters import Limit, Search, Skip
from k6_cloud_mcp_tools.results import ProjectRow, Rows


async def list_projects(k6: K6, search: Search = None, limit: Limit = 20, skip: Skip = 0) -> Rows[ProjectRow]:
    """List projects."""
    page = await k6.projects.list(
        name_search=search, top=limit, skip=skip, order_by="created desc", count=True
    )
    return one_page(page, skip, ProjectRow.of)


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


OPERATIONS = [read(list_projects, "List projects")]
