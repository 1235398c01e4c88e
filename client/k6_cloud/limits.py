"""Limits: what a project may use."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from k6_cloud.api import Api, body
from k6_cloud.models import Page, Request, Response

_Limit = Annotated[int, Field(ge=1)]


class ProjectLimits(Response):
    """The limits of a project; null is no limit. VUh per month, VUs per test, seconds per test."""

    project_id: int
    vuh_max_per_month: int | None = None
    vu_max_per_test: int | None = None
    vu_browser_max_per_test: int | None = None
    duration_max_per_test: int | None = None


class PatchProjectLimits(Request):
    """What of the limits changes: null removes one, a field left out stays as it is."""

    vuh_max_per_month: _Limit | None = None
    vu_max_per_test: _Limit | None = None
    vu_browser_max_per_test: _Limit | None = None
    duration_max_per_test: _Limit | None = None


class Limits:
    """`/cloud/v6/project-limits`, and the limits of one project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(
        self,
        *,
        project_ids: Sequence[int] | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
    ) -> Page[ProjectLimits]:
        """One page of limits, of some projects or of all (`project_limits_retrieve`)."""
        ids = ",".join(map(str, project_ids)) if project_ids else None
        params = {"project_id_in": ids, "$top": top, "$skip": skip, "$count": count}
        return await self._api.get(Page[ProjectLimits], "/cloud/v6/project-limits", params)

    async def get(self, project_id: int) -> ProjectLimits:
        """The limits of a project (`projects_limits_retrieve`)."""
        return await self._api.get(ProjectLimits, f"/cloud/v6/projects/{project_id}/limits")

    async def update(self, project_id: int, patch: PatchProjectLimits) -> None:
        """Set the given limits (`projects_limits_partial_update`). The API answers with nothing: read it back."""
        await self._api.send("PATCH", f"/cloud/v6/projects/{project_id}/limits", json=body(patch))
