"""`/load_zones` and `/projects/{id}/allowed_load_zones`."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from k6_cloud.load_zones import AllowedProjectList, LoadZoneList, Reference, References
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.ids import Id

router = APIRouter(tags=["load zones"], dependencies=[Depends(require_stack)])
JsonOnly = Depends(require_json)


class BoundedReferences(References):
    """A new list in place of the old one."""

    value: Annotated[list[Reference], Field(max_length=500)]

    @property
    def ids(self) -> list[int]:
        """The load zones that the list refers to."""
        return [reference.id for reference in self.value]


@router.get("/load_zones")
def list_load_zones(backend: BackendOf, k6_load_zone_id: str | None = None) -> LoadZoneList:
    """All load zones; `k6_load_zone_id` matches exactly. The load itself always comes from this machine."""
    return LoadZoneList(value=backend.store.load_zones.list(k6_load_zone_id))


@router.get("/load_zones/{zone_id}/allowed_projects")
def list_allowed_projects(backend: BackendOf, zone_id: Id) -> AllowedProjectList:
    """The projects that may use a private zone."""
    return AllowedProjectList(value=backend.store.load_zones.projects(zone_id))


@router.put("/load_zones/{zone_id}/allowed_projects", dependencies=[JsonOnly])
def set_allowed_projects(backend: BackendOf, zone_id: Id, projects: BoundedReferences) -> AllowedProjectList:
    """Replace the projects that may use a private zone."""
    return AllowedProjectList(value=backend.store.load_zones.set_projects(zone_id, projects.ids))


@router.get("/projects/{project_id}/allowed_load_zones")
def list_allowed_load_zones(backend: BackendOf, project_id: Id) -> LoadZoneList:
    """The private zones that a project may use."""
    return LoadZoneList(value=backend.store.load_zones.of_project(project_id))


@router.put("/projects/{project_id}/allowed_load_zones", dependencies=[JsonOnly])
def set_allowed_load_zones(backend: BackendOf, project_id: Id, zones: BoundedReferences) -> LoadZoneList:
    """Replace the private zones that a project may use."""
    return LoadZoneList(value=backend.store.load_zones.set_of_project(project_id, zones.ids))
