"""Tools for labels: keys of the organisation, and the values projects give them."""

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud.labels import LabelDescription, LabelKey, LabelText, NewLabelKey, NewProjectLabel, PatchLabelKey
from k6_cloud_mcp_tools.context import K6, App
from k6_cloud_mcp_tools.guard.previews import Preview
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.parameters import LabelKeyId, ProjectId
from k6_cloud_mcp_tools.results import Rows
from k6_cloud_mcp_tools.untrusted_text import visible
from k6_cloud_mcp_tools.verified_writes import Changed, changes, reading_back, require_shown


class LabelRow(BaseModel):
    """A label key."""

    id: int
    key: str
    description: str | None = None


class ChangedLabel(LabelRow, Changed):
    """A label key after a write."""


class ProjectLabels(BaseModel):
    """All labels of a project, as key and value."""

    labels: dict[str, str]


class ChangedProjectLabels(ProjectLabels, Changed):
    """All labels of a project after a write."""


async def list_labels(k6: K6) -> Rows[LabelRow]:
    """List the label keys of the organisation."""
    keys = (await k6.labels.list()).value
    return Rows(rows=[_row(key) for key in keys], total=len(keys))


async def create_labels(
    k6: K6, keys: Annotated[list[LabelText], Field(min_length=1, max_length=100)]
) -> Rows[LabelRow]:
    """Create label keys, all or none. Describe one with update_label."""
    created = (await k6.labels.create([NewLabelKey(key=key) for key in keys])).value
    return Rows(rows=[_row(key) for key in created])


async def update_label(
    k6: K6,
    label_key_id: LabelKeyId,
    key: LabelText | None = None,
    description: LabelDescription | None = None,
) -> ChangedLabel:
    """Rename or describe a label key."""
    asked = {name: value for name, value in (("key", key), ("description", description)) if value is not None}
    if not asked:
        raise ToolError("Nothing to update: give key or description.")
    before = await _key(k6, label_key_id)
    await k6.labels.update(label_key_id, PatchLabelKey.model_validate(asked))
    with reading_back():
        after = _row(await _key(k6, label_key_id))
    require_shown(asked, after.model_dump())
    return ChangedLabel(**after.model_dump(), changed=changes(_row(before).model_dump(), after.model_dump()))


async def delete_label(k6: K6, label_key_id: LabelKeyId) -> LabelRow:
    """Delete a label key, and with it that label of every project. Asks first."""
    key = await _key(k6, label_key_id)
    await k6.labels.delete(label_key_id)
    return _row(key)


async def preview_delete(app: App, label_key_id: int) -> Preview:
    """What a delete takes along."""
    key = await _key(app.k6, label_key_id)
    projects = (await app.k6.projects.list(top=1000)).value
    using = [project.name for project in projects if key.key in project.labels]
    where = f"and takes it off {', '.join(map(repr, using))}" if using else "which no project uses"
    return Preview(
        f"Delete label key {key.key!r} (id {key.id}), {where}. This cannot be undone.", typed_name=key.key
    )


async def list_project_labels(k6: K6, project_id: ProjectId) -> ProjectLabels:
    """List the labels of a project."""
    return await _labels(k6, project_id)


async def set_project_labels(
    k6: K6, project_id: ProjectId, labels: Annotated[dict[LabelText, LabelText], Field(max_length=30)]
) -> ChangedProjectLabels:
    """Replace all labels of a project, given as key and value. Shows the change and asks first."""
    before = (await _labels(k6, project_id)).labels
    await k6.labels.set_of_project(
        project_id, [NewProjectLabel(key=key, value=value) for key, value in labels.items()]
    )
    with reading_back():
        after = (await _labels(k6, project_id)).labels
    require_shown(dict.fromkeys(after.keys() - labels.keys()) | labels, after)
    return ChangedProjectLabels(labels=after, changed=changes(before, after))


async def preview_set(app: App, project_id: int, labels: dict[str, str]) -> Preview | None:
    """Which labels a project gains and loses; None when it keeps just these."""
    project = await app.k6.projects.get(project_id)
    now = (await _labels(app.k6, project_id)).labels
    gained = [visible(f"+ {key}={value}") for key, value in sorted(labels.items()) if now.get(key) != value]
    lost = [visible(f"- {key}={value}") for key, value in sorted(now.items()) if labels.get(key) != value]
    if not gained and not lost:
        return None
    return Preview(
        "\n".join([f"Change the labels of project {project.name!r} (id {project_id}):", *lost, *gained])
    )


async def delete_project_label(k6: K6, project_id: ProjectId, key: LabelText) -> ChangedProjectLabels:
    """Take one label off a project. Asks first."""
    before = (await _labels(k6, project_id)).labels
    await k6.labels.delete_of_project(project_id, key)
    with reading_back():
        after = (await _labels(k6, project_id)).labels
    require_shown({key: None}, after)
    return ChangedProjectLabels(labels=after, changed=changes(before, after))


async def preview_take_off(app: App, project_id: int, key: str) -> Preview:
    """Which label goes. Raises ToolError where the project does not have it."""
    project = await app.k6.projects.get(project_id)
    labels = (await _labels(app.k6, project_id)).labels
    if key not in labels:
        has = ", ".join(sorted(labels)) or "none"
        raise ToolError(f"Not changed: project {project.name!r} has no label {key!r}. It has: {has}.")
    return Preview(
        f"Take label {visible(f'{key}={labels[key]}')} off project {project.name!r} (id {project_id})."
    )


async def _labels(k6: K6, project_id: int) -> ProjectLabels:
    labels = (await k6.labels.of_project(project_id)).value
    return ProjectLabels(labels={label.key: label.value for label in labels})


async def _key(k6: K6, label_key_id: int) -> LabelKey:
    for key in (await k6.labels.list()).value:
        if key.id == label_key_id:
            return key
    raise ToolError(f"There is no label key {label_key_id}. Nothing was changed. Find ids with list_labels.")


def _row(key: LabelKey) -> LabelRow:
    return LabelRow(**key.model_dump())


OPERATIONS = [
    read(list_labels, "List label keys"),
    write(create_labels, "Create label keys"),
    write(update_label, "Update a label key", idempotent=True),
    confirmed(delete_label, "Delete a label key", preview_delete, destructive=True),
    read(list_project_labels, "List a project's labels"),
    confirmed(set_project_labels, "Set a project's labels", preview_set, destructive=True, idempotent=True),
    confirmed(delete_project_label, "Take a label off a project", preview_take_off, destructive=True),
]
