"""Operations on projects."""

from k6_cloud.api import Api, body, parse
from k6_cloud.models import CreateProject, Page, Project

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

    async def get(self, project_id: int) -> Project:
        """One project (`projects_retrieve`)."""
        return await self._api.get(Project, f"{_PATH}/{project_id}")

    async def create(self, name: str) -> Project:
        """A new project (`projects_create`). Raises Conflict when the name is taken. Never retried."""
        return parse(Project, await self._api.send("POST", _PATH, json=body(CreateProject(name=name))))

    async def update(self, project_id: int, name: str) -> None:
        """Rename a project (`projects_partial_update`). The API answers with nothing: read it back."""
        await self._api.send("PATCH", f"{_PATH}/{project_id}", json=body(CreateProject(name=name)))

    async def delete(self, project_id: int) -> None:
        """Delete a project with its tests (`projects_destroy`). Raises Conflict while one of them runs."""
        await self._api.delete(f"{_PATH}/{project_id}")
