"""Tools for load zones."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud.client import K6Cloud
from k6_cloud.load_zones import LoadZone
from k6_cloud_mcp_tools.context import K6, App
from k6_cloud_mcp_tools.guard.previews import Preview
from k6_cloud_mcp_tools.operation import confirmed, read
from k6_cloud_mcp_tools.operations.projects import project_names
from k6_cloud_mcp_tools.parameters import LoadZoneId, ProjectId
from k6_cloud_mcp_tools.results import Row, Rows
from k6_cloud_mcp_tools.verified_writes import Changed, Changes, changes, reading_back, require_shown

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
    k6: K6, project_id: ProjectId, load_zone_ids: Annotated[_Ids, Field(description="From list_load_zones.")]
) -> ChangedRows[LoadZoneRow]:
    """Replace the list of private load zones a project may use. Shows the change and asks first."""
    before = await _private_zones(k6, project_id)
    await k6.load_zones.set_of_project(project_id, load_zone_ids)
    with reading_back():
        after = await _private_zones(k6, project_id)
    changed = _verified("load_zone_ids", before.keys(), load_zone_ids, after.keys())
    return ChangedRows(rows=[_row(zone) for zone in after.values()], total=len(after), changed=changed)


async def preview_project_zones(app: App, project_id: int, load_zone_ids: list[int]) -> Preview | None:
    """Which zones a project gains and loses; None when it keeps just these."""
    project = await app.k6.projects.get(project_id)
    zones = {zone.id: zone for zone in (await app.k6.load_zones.list()).value}
    if unknown := sorted({*load_zone_ids} - zones.keys()):
        raise ToolError(f"Not changed: there is no load zone {unknown[0]}. Find ids with list_load_zones.")
    if public := sorted(one for one in load_zone_ids if zones[one].public):
        raise ToolError(
            f"Not changed: load zone {public[0]} is public, so every project may use it. Give private ones only."
        )
    now = (await _private_zones(app.k6, project_id)).keys()
    change = _change(now, load_zone_ids, {zone.id: zone.name for zone in zones.values()})
    return Preview(f"Project {project.name!r} (id {project_id}) {change}.") if change else None


async def get_load_zone_projects(k6: K6, load_zone_id: LoadZoneId) -> Rows[AllowedProjectRow]:
    """List the projects that may use a private load zone."""
    projects = (await k6.load_zones.projects(load_zone_id)).value
    return Rows(rows=[AllowedProjectRow(id=one.id, name=one.name) for one in projects], total=len(projects))


async def set_load_zone_projects(
    k6: K6, load_zone_id: LoadZoneId, project_ids: Annotated[_Ids, Field(description="From list_projects.")]
) -> ChangedRows[AllowedProjectRow]:
    """Replace the list of projects that may use a private load zone. Shows the change and asks first."""
    before = [one.id for one in (await k6.load_zones.projects(load_zone_id)).value]
    await k6.load_zones.set_projects(load_zone_id, project_ids)
    with reading_back():
        after = await get_load_zone_projects(k6, load_zone_id)
    changed = _verified("project_ids", before, project_ids, [row.id for row in after.rows])
    return ChangedRows(rows=after.rows, total=after.total, changed=changed)


async def preview_zone_projects(app: App, load_zone_id: int, project_ids: list[int]) -> Preview | None:
    """Which projects gain and lose a zone; None when they stay the same."""
    names = await project_names(app.k6)
    if unknown := sorted({*project_ids} - names.keys()):
        raise ToolError(f"Not changed: there is no project {unknown[0]}. Find ids with list_projects.")
    now = {one.id for one in (await app.k6.load_zones.projects(load_zone_id)).value}
    change = _change(now, project_ids, names)
    return Preview(f"Load zone {load_zone_id} {change}.") if change else None


async def _private_zones(k6: K6Cloud, project_id: int) -> dict[int, LoadZone]:
    zones = (await k6.load_zones.of_project(project_id)).value
    return {zone.id: zone for zone in zones if not zone.public}


def _verified(name: str, before: Iterable[int], asked: Iterable[int], after: Iterable[int]) -> Changes | None:
    """Ids before and after. Raises Unverified where those read back are not those asked for."""
    now = {name: sorted({*after})}
    require_shown({name: sorted({*asked})}, now)
    return changes({name: sorted({*before})}, now)


def _change(now: AbstractSet[int], then: Iterable[int], names: dict[int, str]) -> str:
    """What is gained and lost, in words; empty when nothing is."""
    wanted = set(then)
    parts = [("gains", wanted - now), ("loses", now - wanted)]
    return ", and ".join(
        f"{verb} {', '.join(f'{names.get(one, one)!r} (id {one})' for one in sorted(ids))}"
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
        preview_project_zones,
        destructive=True,
        idempotent=True,
    ),
    read(get_load_zone_projects, "List a load zone's projects"),
    confirmed(
        set_load_zone_projects,
        "Set a load zone's projects",
        preview_zone_projects,
        destructive=True,
        idempotent=True,
    ),
]
