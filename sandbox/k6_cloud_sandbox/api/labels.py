"""`/labels` and `/projects/{id}/labels`."""

from fastapi import APIRouter, Depends

from k6_cloud.labels import (
    CreateLabelKeys,
    LabelKey,
    LabelKeyList,
    PatchLabelKey,
    ProjectLabelList,
    PutProjectLabels,
)
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.ids import Id

router = APIRouter(tags=["labels"], dependencies=[Depends(require_stack)])
JsonOnly = Depends(require_json)


@router.get("/labels")
def list_label_keys(backend: BackendOf) -> LabelKeyList:
    """All label keys."""
    return LabelKeyList(value=backend.store.labels.keys())


@router.post("/labels", status_code=201, dependencies=[JsonOnly])
def create_label_keys(backend: BackendOf, keys: CreateLabelKeys) -> LabelKeyList:
    """Add label keys, all or none; 409 past 100 of them. A key that exists stays as it is."""
    return LabelKeyList(value=backend.store.labels.create_keys(keys.value))


@router.patch("/labels/{key_id}", dependencies=[JsonOnly])
def update_label_key(backend: BackendOf, key_id: Id, patch: PatchLabelKey | None = None) -> LabelKey:
    """Rename or describe a key; 409 when another key has the name."""
    return backend.store.labels.update_key(key_id, patch or PatchLabelKey())


@router.delete("/labels/{key_id}", status_code=204)
def delete_label_key(backend: BackendOf, key_id: Id) -> None:
    """Delete a key, and with it the labels of projects."""
    backend.store.labels.delete_key(key_id)


@router.get("/projects/{project_id}/labels", response_model_exclude_none=True)
def list_project_labels(backend: BackendOf, project_id: Id) -> ProjectLabelList:
    """The labels of a project."""
    return ProjectLabelList(value=backend.store.labels.of_project(project_id))


@router.put("/projects/{project_id}/labels", dependencies=[JsonOnly])
def set_project_labels(backend: BackendOf, project_id: Id, labels: PutProjectLabels) -> ProjectLabelList:
    """Replace the labels of a project; 409 past 500 unique pairs of key and value in all projects."""
    return ProjectLabelList(value=backend.store.labels.set_of_project(project_id, labels.value))


@router.delete("/projects/{project_id}/labels/{key:path}", status_code=204)
def delete_project_label(backend: BackendOf, project_id: Id, key: str) -> None:
    """Take one label off a project. A key may have slashes."""
    backend.store.labels.delete_of_project(project_id, key)
