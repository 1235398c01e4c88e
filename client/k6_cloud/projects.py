"""Operations on projects."""

from k6_cloud.api import Api
from k6_cloud.models import Page, Project

_PATH = "/cloud/v6/projects"


class Projects:
    """`/cloud/v6/projects`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(
        self,
        *,
        name: str | None = None,
        name_search: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        order_by: str | None = None,
        count: bool | None = None,
    ) -> Page[Project]:
        """One page of projects (`projects_list`). `name` matches exactly, `name_search` a part."""
        params = {
            "name": name,
            "name_search": name_search,
            "$top": top,
            "$skip": skip,
            "$orderby": order_by,
            "$count": count,
        }
        return await self._api.get(Page[Project], _PATH, params)
