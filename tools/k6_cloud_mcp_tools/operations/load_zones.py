"""Tools for load zones."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud.client import K6Cloud
from k6_cloud.load_zones import LoadZone
from k6_cloud.safe_text import quote
from k6_cloud_mcp_tools.context import K6, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.operation import confirmed, read
from k6_cloud_mcp_tools.parameters import LoadZoneId, ProjectId
from k6_cloud_mcp_tools.project_names import project_names
from k6_cloud_mcp_tools.results import Row, Rows
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    Changes,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

_Ids = Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=500)]


class LoadZoneRow(BaseModel):
    """A load zone; scripts name it by `k6_load_zone_id`."""

    id: int
    name: str
    k6_load_zone_id: str
    public: bool
    available: bool


class ChangedRows(Rows[Row], Changed):
    """A whole list after a write."""


class AllowedProjectRow(BaseModel):
    """A project that may use a zone."""

    id: int
    name: str


async def list_load_zones(
    k6: K6,
    k6_load_zone_id: Annotated[
        str | None, Field(description="Only this one, e.g. amazon:us:ashburn.")
    ] = None,
) -> Rows[LoadZoneRow]:
    """List load zones: where load can come from. Scripts name a zone by its k6_load_zone_id."""
    zones = (await k6.load_zones.list(k6_load_zone_id)).value
    return Rows(rows=[_row(zone) for zone in zones], total=len(zones))


async def get_project_load_zones(k6: K6, project_id: ProjectId) -> Rows[LoadZoneRow]:
    """List the private load zones a project may use. Every project may use the public ones."""
    zones = (await k6.load_zones.of_project(project_id)).value
    return Rows(rows=[_row(zone) for zone in zones], total=len(zones))


async def set_project_load_zones(
    app: TheApp,
    project_id: ProjectId,
    load_zone_ids: Annotated[_Ids, Field(description="From list_load_zones.")],
) -> Plan[ChangedRows[LoadZoneRow]]:
    """Replace the list of private load zones a project may use. Shows the change and asks first."""
    project, zones, before = await gather(
        app.k6.projects.get(project_id), app.k6.load_zones.list(), _private_zones(app.k6, project_id)
    )
    names = _names_of_private({zone.id: zone for zone in zones.value}, load_zone_ids)

    async def act() -> ChangedRows[LoadZoneRow]:
        now = await _private_zones(app.k6, project_id)
        require_unchanged(before.keys(), now.keys(), f"the list of load zones of project {project_id}")
        await app.k6.load_zones.set_of_project(project_id, load_zone_ids)
        with reading_back():
            after = await _private_zones(app.k6, project_id)
        changed = _verified("load_zone_ids", before.keys(), load_zone_ids, after.keys())
        return ChangedRows(rows=[_row(zone) for zone in after.values()], total=len(after), changed=changed)

    change = _change(before.keys(), load_zone_ids, names)
    return Plan(
        Preview(f"Project {quote(project.name)} (id {project_id}) {change}.") if change else None, act
    )


def _names_of_private(zones: Mapping[int, LoadZone], wanted: Iterable[int]) -> dict[int, str]:
    """The names of all zones. Raises ToolError unless the wanted ones exist and are private."""
    if unknown := sorted({*wanted} - zones.keys()):
        raise ToolError(f"Not changed: there is no load zone {unknown[0]}. Find ids with list_load_zones.")
    if public := sorted(one for one in wanted if zones[one].public):
        raise ToolError(
            f"Not changed: load zone {public[0]} is public, so every project may use it. Give private ones only."
        )
    return {zone.id: zone.name for zone in zones.values()}


async def get_load_zone_projects(k6: K6, load_zone_id: LoadZoneId) -> Rows[AllowedProjectRow]:
    """List the projects that may use a private load zone."""
    projects = (await k6.load_zones.projects(load_zone_id)).value
    return Rows(rows=[AllowedProjectRow(id=one.id, name=one.name) for one in projects], total=len(projects))


async def set_load_zone_projects(
    app: TheApp,
    load_zone_id: LoadZoneId,
    project_ids: Annotated[_Ids, Field(description="From list_projects.")],
) -> Plan[ChangedRows[AllowedProjectRow]]:
    """Replace the list of projects that may use a private load zone. Shows the change and asks first."""
    names, before = await gather(project_names(app.k6), _allowed(app.k6, load_zone_id))
    if unknown := sorted({*project_ids} - names.keys()):
        raise ToolError(f"Not changed: there is no project {unknown[0]}. Find ids with list_projects.")

    async def act() -> ChangedRows[AllowedProjectRow]:
        now = await _allowed(app.k6, load_zone_id)
        require_unchanged(before, now, f"the list of projects of load zone {load_zone_id}")
        await app.k6.load_zones.set_projects(load_zone_id, project_ids)
        with reading_back():
            after = await get_load_zone_projects(app.k6, load_zone_id)
        changed = _verified("project_ids", before, project_ids, [row.id for row in after.rows])
        return ChangedRows(rows=after.rows, total=after.total, changed=changed)

    change = _change(before, project_ids, names)
    return Plan(Preview(f"Load zone {load_zone_id} {change}.") if change else None, act)


async def _allowed(k6: K6Cloud, load_zone_id: int) -> set[int]:
    return {one.id for one in (await k6.load_zones.projects(load_zone_id)).value}


async def _private_zones(k6: K6Cloud, project_id: int) -> dict[int, LoadZone]:
    zones = (await k6.load_zones.of_project(project_id)).value
    return {zone.id: zone for zone in zones if not zone.public}


def _verified(name: str, before: Iterable[int], asked: Iterable[int], after: Iterable[int]) -> Changes | None:
    """Ids before and after. Raises Unverified where those read back are not those asked for."""
    now = {name: sorted({*after})}
    require_shown({name: sorted({*asked})}, now)
    return changes({name: sorted({*before})}, now)


def _change(now: AbstractSet[int], then: Iterable[int], names: dict[int, str]) -> str:
    """Describe what is gained and lost; empty if nothing is."""
    wanted = set(then)
    parts = [("gains", wanted - now), ("loses", now - wanted)]
    return ", and ".join(
        f"{verb} {', '.join(f'{quote(names[one]) if one in names else one} (id {one})' for one in sorted(ids))}"
        for verb, ids in parts
        if ids
    )


def _row(zone: LoadZone) -> LoadZoneRow:
    return LoadZoneRow(**zone.model_dump(include=set(LoadZoneRow.model_fields)))


OPERATIONS = [
    read(list_load_zones, "List load zones"),
    read(get_project_load_zones, "List a project's load zones"),
    confirmed(
        set_project_load_zones,
        "Set a project's load zones",
        destructive=True,
        idempotent=True,
    ),
    read(get_load_zone_projects, "List a load zone's projects"),
    confirmed(
        set_load_zone_projects,
        "Set a load zone's projects",
        destructive=True,
        idempotent=True,
    ),
]
