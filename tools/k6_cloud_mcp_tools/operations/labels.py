"""Tools for labels: keys of the organisation, and the values projects give them."""

from collections.abc import Mapping
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud.client import K6Cloud
from k6_cloud.labels import LabelDescription, LabelKey, LabelText, NewLabelKey, NewProjectLabel, PatchLabelKey
from k6_cloud.safe_text import quote
from k6_cloud_mcp_tools.context import K6, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.parameters import LabelKeyId, ProjectId
from k6_cloud_mcp_tools.results import Rows
from k6_cloud_mcp_tools.untrusted_text import visible
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)


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


async def delete_label(app: TheApp, label_key_id: LabelKeyId) -> Plan[LabelRow]:
    """Delete a label key, and with it that label of every project. Asks first."""
    key, projects = await gather(_key(app.k6, label_key_id), app.k6.projects.list(top=1000))
    using = [project.name for project in projects.value if key.key in project.labels]

    async def act() -> LabelRow:
        require_unchanged(key.key, (await _key(app.k6, label_key_id)).key, f"label key {label_key_id}")
        await app.k6.labels.delete(label_key_id)
        return _row(key)

    where = f"and takes it off {', '.join(map(repr, using))}" if using else "which no project uses"
    text = f"Delete label key {quote(key.key)} (id {key.id}), {where}. This cannot be undone."
    return Plan(Preview.naming(text, key.key, key.id), act)


async def list_project_labels(k6: K6, project_id: ProjectId) -> ProjectLabels:
    """List the labels of a project."""
    return await _labels(k6, project_id)


async def set_project_labels(
    app: TheApp, project_id: ProjectId, labels: Annotated[dict[LabelText, LabelText], Field(max_length=30)]
) -> Plan[ChangedProjectLabels]:
    """Replace all labels of a project, given as key and value. Shows the change and asks first."""
    project, before = await gather(app.k6.projects.get(project_id), _labels(app.k6, project_id))

    async def act() -> ChangedProjectLabels:
        await _require_labels(app.k6, project_id, before)
        wanted = [NewProjectLabel(key=key, value=value) for key, value in labels.items()]
        await app.k6.labels.set_of_project(project_id, wanted)
        gone = dict.fromkeys(before.labels.keys() - labels.keys())
        return await _changed_labels(app.k6, project_id, before, gone | labels)

    change = _change(before.labels, labels)
    head = f"Change the labels of project {quote(project.name)} (id {project_id}):"
    return Plan(Preview("\n".join([head, *change])) if change else None, act)


async def delete_project_label(
    app: TheApp, project_id: ProjectId, key: LabelText
) -> Plan[ChangedProjectLabels]:
    """Take one label off a project. Asks first."""
    project, before = await gather(app.k6.projects.get(project_id), _labels(app.k6, project_id))
    if key not in before.labels:
        has = ", ".join(sorted(before.labels)) or "none"
        raise ToolError(
            f"Not changed: project {quote(project.name)} has no label {quote(key)}. It has: {has}."
        )

    async def act() -> ChangedProjectLabels:
        await _require_labels(app.k6, project_id, before)
        await app.k6.labels.delete_of_project(project_id, key)
        return await _changed_labels(app.k6, project_id, before, {key: None})

    label = visible(f"{key}={before.labels[key]}")
    return Plan(Preview(f"Take label {label} off project {quote(project.name)} (id {project_id})."), act)


def _change(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The labels that a project loses and gains, a line each."""
    lost = [visible(f"- {key}={value}") for key, value in sorted(before.items()) if after.get(key) != value]
    gained = [visible(f"+ {key}={value}") for key, value in sorted(after.items()) if before.get(key) != value]
    return lost + gained


async def _require_labels(k6: K6Cloud, project_id: int, previewed: ProjectLabels) -> None:
    require_unchanged(
        previewed.labels, (await _labels(k6, project_id)).labels, f"the labels of project {project_id}"
    )


async def _changed_labels(
    k6: K6Cloud, project_id: int, before: ProjectLabels, asked: Mapping[str, str | None]
) -> ChangedProjectLabels:
    """The labels as they read now, which have to show what was asked for."""
    with reading_back():
        after = (await _labels(k6, project_id)).labels
    require_shown(asked, after)
    return ChangedProjectLabels(labels=after, changed=changes(before.labels, after))


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
    write(
        update_label,
        "Update a label key",
        idempotent=True,
        instead={"value": "set_project_labels sets the value a project gives it."},
    ),
    confirmed(delete_label, "Delete a label key", destructive=True),
    read(list_project_labels, "List a project's labels"),
    confirmed(set_project_labels, "Set a project's labels", destructive=True, idempotent=True),
    confirmed(delete_project_label, "Take a label off a project", destructive=True),
]
