"""Labels: keys of the organisation, and the values that projects give them."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field

from k6_cloud import paging
from k6_cloud.models import Request, Response
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Id, Name, body, checked, checked_start, quoted
from k6_cloud.requests.owners import OfProject, Unowned

_PATH = "/cloud/v6/labels"
_OF_PROJECT = "/cloud/v6/projects/{}/labels"

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
    """Fields of a key to set; a field left out stays as it is."""

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
    """`/cloud/v6/labels`, and the labels of a project. An organisation has 100 keys at most, a project 30 labels."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @checked
    async def list(self) -> LabelKeyList:
        """Return all label keys: this list has no pages. API operation: `labels_list`. Raises: K6CloudError."""
        return await self._api.get(LabelKeyList, _PATH, owners=(Unowned(),))

    @checked_start
    def iterate(self) -> AsyncGenerator[LabelKey, None]:
        """Iterate over all label keys. API operation: `labels_list`. Raises: K6CloudError."""
        return paging.rows(self.list)

    @checked
    async def create(self, keys: Sequence[NewLabelKey]) -> LabelKeyList:
        """Create 1 to 100 keys, all or none, and return them. Keys belong to the whole organisation.

        API operation: `labels_create`. Raises: Conflict (over 100 keys); BadRequest (a key exists, or comes twice).
        """
        request = CreateLabelKeys(value=[*keys])
        return parse(LabelKeyList, await self._api.send("POST", _PATH, json=body(request)))

    @checked
    async def update(self, label_key_id: Id, patch: PatchLabelKey) -> LabelKey:
        """Rename or describe a key, in every project that uses it, and return it.

        API operation: `labels_partial_update`. Raises: Conflict (the name is taken); NotFound; BadRequest.
        """
        return parse(LabelKey, await self._api.send("PATCH", f"{_PATH}/{label_key_id}", json=body(patch)))

    @checked
    async def delete(self, label_key_id: Id) -> None:
        """Delete a key, and with it the labels of projects. API operation: `labels_destroy`. Raises: NotFound."""
        await self._api.delete(f"{_PATH}/{label_key_id}")

    @checked
    async def of_project(self, project_id: Id) -> ProjectLabelList:
        """Return the labels of a project. API operation: `projects_labels_list`. Raises: NotFound."""
        path = _OF_PROJECT.format(project_id)
        return await self._api.get(ProjectLabelList, path, owners=(OfProject(project_id),))

    @checked_start
    def iterate_of_project(self, project_id: Id) -> AsyncGenerator[ProjectLabel, None]:
        """Iterate over the labels of a project. API operation: `projects_labels_list`. Raises: NotFound."""
        return paging.rows(partial(self.of_project, project_id))

    @checked
    async def set_of_project(self, project_id: Id, labels: Sequence[NewProjectLabel]) -> ProjectLabelList:
        """Replace the labels of a project by 0 to 30 others, and return them. Unknown keys are created by name.

        API operation: `projects_labels_update`. Raises: Conflict (too many labels); NotFound; BadRequest.
        """
        request, owners = PutProjectLabels(value=[*labels]), (OfProject(project_id),)
        answer = await self._api.send(
            "PUT", _OF_PROJECT.format(project_id), json=body(request), owners=owners
        )
        return parse(ProjectLabelList, answer)

    @checked
    async def delete_of_project(self, project_id: Id, key: Name) -> None:
        """Remove one label of a project, by its key. API operation: `projects_labels_destroy`.

        Raises: NotFound (also if the project has no such label).
        """
        path = f"{_OF_PROJECT.format(project_id)}/{quoted(key)}"
        await self._api.delete(path, owners=(OfProject(project_id),))
