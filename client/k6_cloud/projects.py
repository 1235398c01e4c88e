"""Projects, which hold load tests."""

from collections.abc import AsyncGenerator, Collection
from functools import partial

from k6_cloud import paging
from k6_cloud.errors import Forbidden, NotFound, OutOfScope
from k6_cloud.models import CreateProject, Page, Project, ProjectName
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Ahead, Count, Id, Name, Top, body, checked, checked_start
from k6_cloud.requests.concurrency import AT_ONCE, side_by_side
from k6_cloud.requests.owners import OfProject, OfRows

_PATH = "/cloud/v6/projects"
_ROWS = (OfRows("id"),)
_NAMES_FRESH_SECONDS = 60.0


class Projects:
    """`/cloud/v6/projects`: the projects of the stack, 1000 at most."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @checked
    async def list(
        self,
        *,
        name: Name | None = None,
        name_search: Name | None = None,
        top: Top | None = None,
        skip: Count | None = None,
        order_by: Name | None = None,
        count: bool | None = None,
    ) -> Page[Project]:
        """Return one page of projects.

        `name` matches exactly, `name_search` a part of the name. `top` rows from `skip` on: 0 to 1000, by default
        1000. `order_by` is like `created desc` and takes created and name. With `count`, the page says how many
        projects there are in all. API operation: `projects_list`. Raises: BadRequest (`order_by`).
        """
        params = {
            "name": name,
            "name_search": name_search,
            "$top": top,
            "$skip": skip,
            "$orderby": order_by,
            "$count": count,
        }
        return await self._api.get(Page[Project], _PATH, params, owners=_ROWS)

    @checked_start
    def iterate(
        self,
        *,
        name: Name | None = None,
        name_search: Name | None = None,
        order_by: Name | None = None,
        skip: Count = 0,
        ahead: Ahead = 1,
    ) -> AsyncGenerator[Project, None]:
        """Iterate over projects, see `list`. With `ahead`, up to 8 pages of 1000 are fetched side by side.

        API operation: `projects_list`. Raises: BadRequest (`order_by`).
        """
        found = partial(self.list, name=name, name_search=name_search, order_by=order_by)
        return paging.items(found, skip, ahead)

    @checked
    async def find(self, name: ProjectName) -> Project | None:
        """Return the project of exactly this name, if there is one. The API filters: no other project is read.

        API operation: `projects_list`. Raises: K6CloudError.
        """
        return next(iter((await self.list(name=name)).value), None)

    @checked
    async def names(self, project_ids: Collection[Id]) -> dict[int, str]:
        """Return the names of projects by id, without those that do not exist or may not be seen.

        A name may be a minute old, unless this client wrote it. API operations: `projects_retrieve`, or `projects_list`
        for more than 8. Raises: K6CloudError.
        """
        wanted = {*project_ids}
        if len(wanted) > AT_ONCE:
            page = await self._api.get(
                Page[Project], _PATH, {"$top": 1000}, owners=_ROWS, fresh_for=_NAMES_FRESH_SECONDS
            )
            return {project.id: project.name for project in page.value if project.id in wanted}
        named = await side_by_side([partial(self._name, one) for one in sorted(wanted)])
        return {number: name for number, name in zip(sorted(wanted), named, strict=True) if name is not None}

    async def _name(self, project_id: int) -> str | None:
        path, owners = f"{_PATH}/{project_id}", (OfProject(project_id),)
        try:
            return (await self._api.get(Project, path, owners=owners, fresh_for=_NAMES_FRESH_SECONDS)).name
        except (NotFound, Forbidden, OutOfScope):
            return None

    @checked
    async def get(self, project_id: Id) -> Project:
        """Return a project. API operation: `projects_retrieve`. Raises: NotFound."""
        return await self._api.get(Project, f"{_PATH}/{project_id}", owners=(OfProject(project_id),))

    @checked
    async def create(self, name: ProjectName) -> Project:
        """Create a project and return it. Never repeated: a lost answer may have created it.

        `name` has 1 to 255 characters and is unique in the stack. API operation: `projects_create`.
        Raises: Conflict (the name is taken, or there are 1000 projects); BadRequest.
        """
        return parse(Project, await self._api.send("POST", _PATH, json=body(CreateProject(name=name))))

    @checked
    async def update(self, project_id: Id, name: ProjectName) -> None:
        """Rename a project. The API answers with nothing: read the project back.

        API operation: `projects_partial_update`. Raises: Conflict (the name is taken); NotFound; BadRequest.
        """
        request, owners = CreateProject(name=name), (OfProject(project_id),)
        await self._api.act("PATCH", f"{_PATH}/{project_id}", json=body(request), owners=owners)

    @checked
    async def delete(self, project_id: Id) -> None:
        """Delete a project with its load tests and their runs. It cannot be undone.

        API operation: `projects_destroy`. Raises: Conflict (a run is under way); NotFound.
        """
        await self._api.delete(f"{_PATH}/{project_id}", owners=(OfProject(project_id),))
