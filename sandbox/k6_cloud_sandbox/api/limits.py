"""`/project-limits` and `/projects/{id}/limits`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from k6_cloud.limits import PatchProjectLimits, ProjectLimits
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.ids import Id, id_in
from k6_cloud_sandbox.api.lists import Listing, Paging
from k6_cloud_sandbox.errors import InvalidRequest

router = APIRouter(tags=["limits"], dependencies=[Depends(require_stack)])
_MOST_IDS = 30


def project_ids(project_id_in: Annotated[list[str] | None, Query()] = None) -> list[int]:
    """The ids of `project_id_in`: a comma list, or the parameter once for each; 30 at most."""
    try:
        ids = [id_in(part) for given in project_id_in or () if given for part in given.split(",")]
    except ValueError:
        raise InvalidRequest.field("project_id_in", "This is not a comma-separated list of ids.") from None
    if len(ids) > _MOST_IDS:
        raise InvalidRequest.field("project_id_in", f"These are more than {_MOST_IDS} ids.")
    return ids


@router.get("/project-limits")
def list_limits(
    backend: BackendOf, paging: Annotated[Paging, Depends()], ids: Annotated[list[int], Depends(project_ids)]
) -> Listing[ProjectLimits]:
    """The limits of all projects, or of those in `project_id_in`."""
    return paging.listing(backend.store.limits.list(paging.slice(), ids))


@router.get("/projects/{project_id}/limits")
def get_limits(backend: BackendOf, project_id: Id) -> ProjectLimits:
    """The limits of a project."""
    return backend.store.limits.get(project_id)


@router.patch("/projects/{project_id}/limits", status_code=204, dependencies=[Depends(require_json)])
def update_limits(backend: BackendOf, project_id: Id, patch: PatchProjectLimits | None = None) -> None:
    """Set the given limits; null removes one."""
    backend.store.limits.update(project_id, patch or PatchProjectLimits())
