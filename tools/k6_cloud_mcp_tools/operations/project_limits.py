"""Tools for the limits of projects."""

from collections.abc import Mapping
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud.client import K6Cloud
from k6_cloud.limits import PatchProjectLimits, ProjectLimits
from k6_cloud.safe_text import quote
from k6_cloud_mcp_tools.context import K6, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.operation import confirmed, read
from k6_cloud_mcp_tools.paging import one_page
from k6_cloud_mcp_tools.parameters import Limit, ProjectId, Skip
from k6_cloud_mcp_tools.results import Rows
from k6_cloud_mcp_tools.starts.forecast import forecasts_of_project, load_of
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

_SHOWN = 20
_NewLimit = Annotated[int | None, Field(ge=0, description="0 removes the limit.")]


class LimitsRow(BaseModel):
    """The limits of a project; an absent one is no limit. VUh a month, VUs a test, seconds a test."""

    project_id: int
    vuh_max_per_month: int | None = None
    vu_max_per_test: int | None = None
    vu_browser_max_per_test: int | None = None
    duration_max_per_test: int | None = None


class ChangedLimits(LimitsRow, Changed):
    """The limits of a project after a write."""


async def list_project_limits(
    k6: K6,
    project_ids: Annotated[
        list[int] | None, Field(max_length=30, description="Only these, from list_projects.")
    ] = None,
    limit: Limit = 20,
    skip: Skip = 0,
) -> Rows[LimitsRow]:
    """List the limits of projects: VUh per month, VUs and browser VUs per test, seconds per test."""
    page = await k6.limits.list(project_ids=project_ids, top=limit, skip=skip, count=True)
    return one_page(page, skip, _row)


async def get_project_limits(k6: K6, project_id: ProjectId) -> LimitsRow:
    """Get the limits of one project; what is absent is not limited."""
    return _row(await k6.limits.get(project_id))


async def update_project_limits(
    app: TheApp,
    project_id: ProjectId,
    vuh_max_per_month: _NewLimit = None,
    vu_max_per_test: _NewLimit = None,
    vu_browser_max_per_test: _NewLimit = None,
    duration_max_per_test: _NewLimit = None,
) -> Plan[ChangedLimits]:
    """Change limits of a project (duration in seconds); what is not given stays. Shows the change and asks first."""
    new = _given(vuh_max_per_month, vu_max_per_test, vu_browser_max_per_test, duration_max_per_test)
    if not new:
        raise ToolError("Nothing to update: give at least one limit.")
    project, before = await gather(app.k6.projects.get(project_id), _limits(app.k6, project_id))

    async def act() -> ChangedLimits:
        require_unchanged(before, await _limits(app.k6, project_id), f"the limits of project {project_id}")
        await app.k6.limits.update(project_id, PatchProjectLimits.model_validate(new))
        with reading_back():
            after = await _limits(app.k6, project_id)
        require_shown(new, after)
        return ChangedLimits.model_validate({**after, "changed": changes(before, after)})

    change = [
        f"{name}: {_words(before[name])} → {_words(value)}"
        for name, value in new.items()
        if before[name] != value
    ]
    if not change:
        return Plan(None, act)
    # A lower limit lets nothing start that could not start before.
    forecasts = await forecasts_of_project(app, project_id) if _allow_more(before, new) else []
    text = f"Change limits of project {quote(project.name)} (id {project_id}): {'; '.join(change)}."
    lines = [line for forecast in forecasts for line in forecast.permitted]
    return Plan(Preview("\n".join([text, *lines[:_SHOWN]])), act, load_of(forecasts))


def _allow_more(before: Mapping[str, int | None], new: Mapping[str, int | None]) -> bool:
    """Whether a limit is raised or removed."""
    limited = {name: limit for name, limit in before.items() if limit is not None}
    return any(name in limited and (value is None or value > limited[name]) for name, value in new.items())


async def _limits(k6: K6Cloud, project_id: int) -> dict[str, int | None]:
    return (await k6.limits.get(project_id)).model_dump()


def _given(
    vuh_max_per_month: int | None,
    vu_max_per_test: int | None,
    vu_browser_max_per_test: int | None,
    duration_max_per_test: int | None,
) -> dict[str, int | None]:
    """The limits to set, None where one is to be removed."""
    limits = {
        "vuh_max_per_month": vuh_max_per_month,
        "vu_max_per_test": vu_max_per_test,
        "vu_browser_max_per_test": vu_browser_max_per_test,
        "duration_max_per_test": duration_max_per_test,
    }
    return {name: value or None for name, value in limits.items() if value is not None}


def _words(limit: int | None) -> str:
    return "no limit" if limit is None else str(limit)


def _row(limits: ProjectLimits) -> LimitsRow:
    return LimitsRow(**limits.model_dump())


OPERATIONS = [
    read(list_project_limits, "List project limits"),
    read(get_project_limits, "Get a project's limits"),
    confirmed(
        update_project_limits,
        "Change a project's limits",
        destructive=False,
        idempotent=True,
        instead={"name": "update_project renames it.", "labels": "set_project_labels sets the labels."},
    ),
]
