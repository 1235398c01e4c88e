"""`/auth` and `/projects`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from k6_cloud.models import Authentication, CreateProject, Project
from k6_cloud_sandbox.api.access import require_stack, require_token
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.lists import Listing, Order, Paging, ordering
from k6_cloud_sandbox.errors import NotFound
from k6_cloud_sandbox.settings import STACK_ID

auth = APIRouter(tags=["authorization"], dependencies=[Depends(require_token)])
ProjectText = Annotated[str | None, Query(max_length=255)]
router = APIRouter(prefix="/projects", tags=["projects"], dependencies=[Depends(require_stack)])


def require_stack_url(_: Annotated[str, Header(alias="X-Stack-Url", min_length=1)]) -> None:
    """Accept any URL: the sandbox has one stack, so every URL stands for it."""


@auth.get("/auth", dependencies=[Depends(require_stack_url)])
def authenticate(backend: BackendOf) -> Authentication:
    """The id of the sandbox's stack, and its default project."""
    default = backend.store.projects.default()
    if default is None:
        raise NotFound("There is no default project.")
    return Authentication(stack_id=STACK_ID, default_project_id=default.id)


@router.get("")
def list_projects(
    backend: BackendOf,
    paging: Annotated[Paging, Depends()],
    order: Annotated[Order, Depends(ordering("created", "name"))],
    name: ProjectText = None,
    name_search: ProjectText = None,
) -> Listing[Project]:
    """Projects; `name` matches exactly, `name_search` a part of the name."""
    return paging.listing(backend.store.projects.list(paging.slice(order), name, name_search))


@router.post("", status_code=201, dependencies=[Depends(require_json)])
def create_project(backend: BackendOf, project: CreateProject) -> Project:
    """Create a project; 409 when the name is in use."""
    return backend.store.projects.create(project.name)


@router.get("/{project_id}")
def get_project(backend: BackendOf, project_id: Id) -> Project:
    """Get one project."""
    return backend.store.projects.get(project_id)


@router.patch("/{project_id}", status_code=204, dependencies=[Depends(require_json)])
def update_project(backend: BackendOf, project_id: Id, project: CreateProject) -> None:
    """Rename a project; 409 when the name is in use."""
    backend.store.projects.rename(project_id, project.name)


@router.delete("/{project_id}", status_code=204)
def delete_project(backend: BackendOf, project_id: Id) -> None:
    """Delete a project with its tests; 409 while one of them runs, and for the default project."""
    backend.store.projects.delete(project_id)
