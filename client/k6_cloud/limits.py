"""Limits of projects."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field

from k6_cloud import paging
from k6_cloud.models import Page, Request, Response
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Ahead, Count, Id, Top, body, checked, checked_start
from k6_cloud.requests.owners import OfProject, OfRows

_PATH = "/cloud/v6/project-limits"
_FILTER = "project_id_in"
_Limit = Annotated[int, Field(ge=1)]


class ProjectLimits(Response):
    """The limits of a project; null is no limit. VUh per month, VUs per test, seconds per test."""

    project_id: int
    vuh_max_per_month: int | None = None
    vu_max_per_test: int | None = None
    vu_browser_max_per_test: int | None = None
    duration_max_per_test: int | None = None


class PatchProjectLimits(Request):
    """Limits to set: null removes one, a field left out stays as it is."""

    vuh_max_per_month: _Limit | None = None
    vu_max_per_test: _Limit | None = None
    vu_browser_max_per_test: _Limit | None = None
    duration_max_per_test: _Limit | None = None


class Limits:
    """`/cloud/v6/project-limits`, and the limits of one project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @checked
    async def list(
        self,
        *,
        project_ids: Sequence[Id] | None = None,
        top: Top | None = None,
        skip: Count | None = None,
        count: bool | None = None,
    ) -> Page[ProjectLimits]:
        """Return one page of limits: of the given projects (none for an empty list), by default of all.

        `top` rows from `skip` on: 0 to 1000, by default 1000. API operation: `project_limits_retrieve`.
        Raises: BadRequest.
        """
        if project_ids is not None and not project_ids:
            return Page[ProjectLimits].model_validate({"value": [], "@count": 0 if count else None})
        ids = ",".join(map(str, project_ids)) if project_ids else None
        params = {_FILTER: ids, "$top": top, "$skip": skip, "$count": count}
        owners = (OfRows("project_id", by_filter=_FILTER), *map(OfProject, project_ids or ()))
        return await self._api.get(Page[ProjectLimits], _PATH, params, owners=owners)

    @checked_start
    def iterate(
        self, *, project_ids: Sequence[Id] | None = None, skip: Count = 0, ahead: Ahead = 1
    ) -> AsyncGenerator[ProjectLimits, None]:
        """Iterate over limits, see `list`. With `ahead`, up to 8 pages of 1000 are fetched side by side.

        API operation: `project_limits_retrieve`. Raises: BadRequest.
        """
        return paging.items(partial(self.list, project_ids=project_ids), skip, ahead)

    @checked
    async def get(self, project_id: Id) -> ProjectLimits:
        """Return the limits of a project. API operation: `projects_limits_retrieve`. Raises: NotFound."""
        path = f"/cloud/v6/projects/{project_id}/limits"
        return await self._api.get(ProjectLimits, path, owners=(OfProject(project_id),))

    @checked
    async def update(self, project_id: Id, patch: PatchProjectLimits) -> None:
        """Set the given limits: VUh per month, VUs per test, seconds per test. Read them back: the answer is empty.

        API operation: `projects_limits_partial_update`. Raises: NotFound; BadRequest.
        """
        path = f"/cloud/v6/projects/{project_id}/limits"
        await self._api.act("PATCH", path, json=body(patch), owners=(OfProject(project_id),))
