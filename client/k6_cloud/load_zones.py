"""Load zones, which generate the load of a test, and the projects that may use them."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field

from k6_cloud import paging
from k6_cloud.models import Request, Response
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Id, Name, body, checked, checked_start
from k6_cloud.requests.owners import OfProject, OfRows, Unowned

_PATH = "/cloud/v6/load_zones"
_OF_PROJECT = "/cloud/v6/projects/{}/allowed_load_zones"


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

    value: Annotated[list[Reference], Field(max_length=500)]


class LoadZones:
    """`/cloud/v6/load_zones`, and the load zones of a project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @checked
    async def list(self, k6_load_zone_id: Name | None = None) -> LoadZoneList:
        """Return all load zones, or the one of that name, like `amazon:us:ashburn`: this list has no pages.

        API operation: `load_zones_list`. Raises: BadRequest.
        """
        params = {"k6_load_zone_id": k6_load_zone_id}
        return await self._api.get(LoadZoneList, _PATH, params, owners=(Unowned(),))

    @checked_start
    def iterate(self) -> AsyncGenerator[LoadZone, None]:
        """Iterate over all load zones. API operation: `load_zones_list`. Raises: K6CloudError."""
        return paging.rows(self.list)

    @checked
    async def projects(self, load_zone_id: Id) -> AllowedProjectList:
        """Return the projects that may use a load zone. API operation: `load_zones_allowed_projects_retrieve`.

        Raises: NotFound.
        """
        path = f"{_PATH}/{load_zone_id}/allowed_projects"
        return await self._api.get(AllowedProjectList, path, owners=(OfRows("id", paged=False),))

    @checked_start
    def iterate_projects(self, load_zone_id: Id) -> AsyncGenerator[AllowedProject, None]:
        """Iterate over the projects that may use a load zone.

        API operation: `load_zones_allowed_projects_retrieve`. Raises: NotFound.
        """
        return paging.rows(partial(self.projects, load_zone_id))

    @checked
    async def set_projects(self, load_zone_id: Id, project_ids: Sequence[Id]) -> AllowedProjectList:
        """Replace the projects that may use a private load zone by 0 to 500 others, and return them.

        API operation: `load_zones_allowed_projects_update`. Raises: NotFound; BadRequest.
        """
        path = f"{_PATH}/{load_zone_id}/allowed_projects"
        return parse(AllowedProjectList, await self._api.send("PUT", path, json=_references(project_ids)))

    @checked
    async def of_project(self, project_id: Id) -> LoadZoneList:
        """Return the load zones that a project may use. API operation: `projects_allowed_load_zones_retrieve`.

        Raises: NotFound.
        """
        return await self._api.get(
            LoadZoneList, _OF_PROJECT.format(project_id), owners=(OfProject(project_id),)
        )

    @checked_start
    def iterate_of_project(self, project_id: Id) -> AsyncGenerator[LoadZone, None]:
        """Iterate over the load zones that a project may use.

        API operation: `projects_allowed_load_zones_retrieve`. Raises: NotFound.
        """
        return paging.rows(partial(self.of_project, project_id))

    @checked
    async def set_of_project(self, project_id: Id, load_zone_ids: Sequence[Id]) -> LoadZoneList:
        """Replace the private load zones that a project may use by 0 to 500 others, and return them.

        API operation: `projects_allowed_load_zones_update`. Raises: NotFound; BadRequest.
        """
        path, owners = _OF_PROJECT.format(project_id), (OfProject(project_id),)
        answer = await self._api.send("PUT", path, json=_references(load_zone_ids), owners=owners)
        return parse(LoadZoneList, answer)


def _references(ids: Sequence[int]) -> dict[str, object]:
    return body(References(value=[Reference(id=one) for one in ids]))
