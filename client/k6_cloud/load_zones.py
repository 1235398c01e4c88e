"""Load zones: where the load of a test comes from, and which projects may use which."""

from collections.abc import Sequence

from k6_cloud.api import Api, body, parse
from k6_cloud.models import Request, Response

_PATH = "/cloud/v6/load_zones"


class LoadZone(Response):
    """A place that generates load; scripts name it by `k6_load_zone_id`."""

    id: int
    name: str
    k6_load_zone_id: str
    available: bool
    custom_load_runner_image: str | None = None
    public: bool


class LoadZoneList(Response):
    """All zones at once: this list has no pages."""

    value: list[LoadZone]


class AllowedProject(Response):
    """A project that may use a zone."""

    id: int
    name: str


class AllowedProjectList(Response):
    """All projects that may use a zone."""

    value: list[AllowedProject]


class Reference(Request):
    """An object by its id."""

    id: int


class References(Request):
    """A new list in place of the old one, of 500 at most."""

    value: list[Reference]


class LoadZones:
    """`/cloud/v6/load_zones`, and the zones of a project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self, k6_load_zone_id: str | None = None) -> LoadZoneList:
        """All zones, or the one of that name (`load_zones_list`)."""
        return await self._api.get(LoadZoneList, _PATH, {"k6_load_zone_id": k6_load_zone_id})

    async def projects(self, load_zone_id: int) -> AllowedProjectList:
        """The projects that may use a zone (`load_zones_allowed_projects_retrieve`)."""
        return await self._api.get(AllowedProjectList, f"{_PATH}/{load_zone_id}/allowed_projects")

    async def set_projects(self, load_zone_id: int, project_ids: Sequence[int]) -> AllowedProjectList:
        """Replace the projects that may use a private zone (`load_zones_allowed_projects_update`)."""
        path = f"{_PATH}/{load_zone_id}/allowed_projects"
        return parse(AllowedProjectList, await self._api.send("PUT", path, json=_references(project_ids)))

    async def of_project(self, project_id: int) -> LoadZoneList:
        """The zones a project may use (`projects_allowed_load_zones_retrieve`)."""
        return await self._api.get(LoadZoneList, f"/cloud/v6/projects/{project_id}/allowed_load_zones")

    async def set_of_project(self, project_id: int, load_zone_ids: Sequence[int]) -> LoadZoneList:
        """Replace the private zones a project may use (`projects_allowed_load_zones_update`)."""
        path = f"/cloud/v6/projects/{project_id}/allowed_load_zones"
        return parse(LoadZoneList, await self._api.send("PUT", path, json=_references(load_zone_ids)))


def _references(ids: Sequence[int]) -> dict[str, object]:
    return body(References(value=[Reference(id=one) for one in ids]))
