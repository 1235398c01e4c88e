"""Tools for projects."""

from collections.abc import Sequence

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud.models import LoadTest, Page, Project, TestRun
from k6_cloud.safe_text import quote
from k6_cloud_mcp_tools.context import K6, App, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.guard.spending import remember_todays_runs
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.paging import one_page
from k6_cloud_mcp_tools.parameters import Limit, NewProjectName, ProjectId, Search, Skip
from k6_cloud_mcp_tools.results import ProjectDetails, ProjectRow, Rows, counted
from k6_cloud_mcp_tools.scripts.stored import keep_script_of
from k6_cloud_mcp_tools.starts.runs import running_in_project
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

_NAMED = 10
_KEPT = 100
_SHORT = 16
_LIMITS = "update_project_limits sets limits."
_ONLY_NAME = "The API cannot set it: update_project only renames."
_NOT_CREATED_WITH = {
    "labels": "set_project_labels sets the labels, once the project is there.",
    "limits": "update_project_limits sets limits, once the project is there.",
    "is_default": "The API cannot set it.",
}
_NOT_UPDATED = {
    "labels": "set_project_labels sets the labels.",
    "limits": _LIMITS,
    "vuh_max_per_month": _LIMITS,
    "vu_max_per_test": _LIMITS,
    "vu_browser_max_per_test": _LIMITS,
    "duration_max_per_test": _LIMITS,
    "load_zones": "set_project_load_zones sets the private load zones.",
    "is_default": _ONLY_NAME,
    "grafana_folder_uid": _ONLY_NAME,
    "description": _ONLY_NAME,
}


class ChangedProject(ProjectDetails, Changed):
    """A project after a write."""


class KeptTestScript(BaseModel):
    """The script of a deleted test, by the name of the test; `sha256` is its beginning, which is enough."""

    name: str
    sha256: str


class DeletedProject(ProjectDetails):
    """A deleted project, and which scripts are kept."""

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


async def delete_project(app: TheApp, project_id: ProjectId) -> Plan[DeletedProject]:
    """Delete a project for good, with all its load tests, runs and schedules. Shows what goes and asks first."""
    project, running, tests = await gather(
        app.k6.projects.get(project_id),
        running_in_project(app.k6, project_id),
        _newest_tests(app.k6, project_id),
    )
    _require_deletable(project, running)

    async def act() -> DeletedProject:
        now, newest = await gather(app.k6.projects.get(project_id), _newest_tests(app.k6, project_id))
        require_unchanged(_contents(project, tests), _contents(now, newest), f"project {project_id}")
        kept = await _keep_scripts(app, newest)
        await remember_todays_runs(app)
        await app.k6.projects.delete(project_id)
        return DeletedProject(
            **ProjectDetails.of(now).model_dump(),
            kept_scripts=kept or None,
            undo=_undo(app) if kept else None,
        )

    total = _total(tests)
    text = (
        f"Delete project {quote(project.name)} (id {project.id}) with {_named(tests.value, total)}, and with their scripts, "
        f"runs, results and schedules. This cannot be undone.{_fate(app, len(tests.value), total)}"
    )
    return Plan(Preview.naming(text, project.name, project.id), act)


def _require_deletable(project: Project, running: TestRun | None) -> None:
    if project.is_default:
        raise ToolError(
            f"Not deleted: {quote(project.name)} is the default project, which cannot be deleted."
        )
    if running:
        raise ToolError(
            f"Not deleted: load test {running.test_id} of project {quote(project.name)} is running (run {running.id}, "
            f"{running.status}). Wait with wait_for_test_run or stop it with abort_test_run({running.id}), then delete "
            "again."
        )


def _contents(project: Project, tests: Page[LoadTest]) -> tuple[str, int, list[int]]:
    """The state that the delete of a project is confirmed for."""
    return project.name, _total(tests), [test.id for test in tests.value]


def _total(tests: Page[LoadTest]) -> int:
    return tests.count if tests.count is not None else len(tests.value)


def _undo(app: App) -> str:
    return f"For up to {app.kept_scripts.days} days: restore_load_test_script with a sha256 of kept_scripts."


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
    """Describe what becomes of the scripts."""
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


OPERATIONS = [
    read(list_projects, "List projects"),
    read(get_project, "Get a project"),
    write(create_project, "Create a project", instead=_NOT_CREATED_WITH),
    write(update_project, "Rename a project", idempotent=True, instead=_NOT_UPDATED),
    confirmed(delete_project, "Delete a project", destructive=True),
]
