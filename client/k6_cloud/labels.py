"""Labels: keys of the organisation, and the values that projects give them."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from k6_cloud.api import Api, body, parse
from k6_cloud.models import Request, Response

LabelText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"""^[^\s'";\\%]+$""")]
LabelDescription = Annotated[str, Field(min_length=1, max_length=255)]


class LabelKey(Response):
    """A key that projects can be labelled with."""

    id: int
    key: str
    description: str | None = None


class LabelKeyList(Response):
    """All keys at once: this list has no pages."""

    value: list[LabelKey]


class NewLabelKey(Request):
    """A key to create."""

    key: LabelText
    description: LabelDescription | None = None


class CreateLabelKeys(Request):
    """Keys to create, all or none."""

    value: Annotated[list[NewLabelKey], Field(min_length=1, max_length=100)]


class PatchLabelKey(Request):
    """What of a key changes; a field left out stays as it is."""

    key: LabelText | None = None
    description: LabelDescription | None = None


class ProjectLabel(Response):
    """A key with the value a project gives it."""

    key_id: int | None = None
    key: str
    value: str


class ProjectLabelList(Response):
    """All labels of a project."""

    value: list[ProjectLabel]


class NewProjectLabel(Request):
    """A label to set, its key named by id or by name. A key that does not exist yet is created by name."""

    key_id: int | None = None
    key: LabelText | None = None
    value: LabelText


class PutProjectLabels(Request):
    """All labels of a project, in place of those it has."""

    value: Annotated[list[NewProjectLabel], Field(max_length=30)]


class Labels:
    """`/cloud/v6/labels`, and the labels of a project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self) -> LabelKeyList:
        """All label keys (`labels_list`)."""
        return await self._api.get(LabelKeyList, "/cloud/v6/labels")

    async def create(self, keys: Sequence[NewLabelKey]) -> LabelKeyList:
        """Create keys (`labels_create`). Raises Conflict past 100 keys."""
        request = CreateLabelKeys(value=[*keys])
        return parse(LabelKeyList, await self._api.send("POST", "/cloud/v6/labels", json=body(request)))

    async def update(self, label_key_id: int, patch: PatchLabelKey) -> LabelKey:
        """Rename or describe a key (`labels_partial_update`)."""
        path = f"/cloud/v6/labels/{label_key_id}"
        return parse(LabelKey, await self._api.send("PATCH", path, json=body(patch)))

    async def delete(self, label_key_id: int) -> None:
        """Delete a key, and with it the labels of projects (`labels_destroy`)."""
        await self._api.delete(f"/cloud/v6/labels/{label_key_id}")

    async def of_project(self, project_id: int) -> ProjectLabelList:
        """The labels of a project (`projects_labels_list`)."""
        return await self._api.get(ProjectLabelList, f"/cloud/v6/projects/{project_id}/labels")

    async def set_of_project(self, project_id: int, labels: Sequence[NewProjectLabel]) -> ProjectLabelList:
        """Replace the labels of a project (`projects_labels_update`)."""
        path = f"/cloud/v6/projects/{project_id}/labels"
        request = PutProjectLabels(value=[*labels])
        return parse(ProjectLabelList, await self._api.send("PUT", path, json=body(request)))

    async def delete_of_project(self, project_id: int, key: str) -> None:
        """Take one label off a project (`projects_labels_destroy`)."""
        await self._api.delete(f"/cloud/v6/projects/{project_id}/labels/{quote(key, safe='')}")
