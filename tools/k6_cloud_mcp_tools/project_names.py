"""The names behind project ids, and the project that is meant if none is given."""

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import Forbidden, NotFound
from k6_cloud.models import Page, Project
from k6_cloud.safe_text import quote
from k6_cloud_mcp_tools.context import App


async def label_of(k6: K6Cloud, project_id: int) -> str:
    """A project for people: its name, where the token may see it, and its id."""
    try:
        return labelled(await k6.projects.get(project_id))
    except (NotFound, Forbidden):
        return f"id {project_id}"


def labelled(project: Project) -> str:
    """A project for people: its name and its id."""
    return f"{quote(project.name)} (id {project.id})"


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
