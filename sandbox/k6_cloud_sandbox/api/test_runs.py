"""`/test_runs`."""

from typing import Annotated

from anyio import from_thread
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from k6_cloud.models import IsoDatetime, TestRun
from k6_cloud.test_runs import Distribution, PatchTestRun
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.downloads import SCRIPT_CONTENT, ScriptResponse
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.lists import Listing, Paging

router = APIRouter(prefix="/test_runs", tags=["test runs"], dependencies=[Depends(require_stack)])


@router.get("")
def list_test_runs(
    backend: BackendOf,
    paging: Annotated[Paging, Depends()],
    created_after: IsoDatetime | None = None,
    created_before: IsoDatetime | None = None,
) -> Listing[TestRun]:
    """All runs, the oldest first."""
    rows = backend.store.runs.list(paging.slice(), created_after=created_after, created_before=created_before)
    return paging.listing(rows)


@router.get("/{run_id}")
def get_test_run(backend: BackendOf, run_id: Id) -> TestRun:
    """Get one run."""
    return backend.store.runs.get(run_id)


@router.patch("/{run_id}", status_code=204, dependencies=[Depends(require_json)])
def update_test_run(backend: BackendOf, run_id: Id, patch: PatchTestRun) -> None:
    """Set the note of a run."""
    backend.store.runs.update(run_id, patch)


@router.delete("/{run_id}", status_code=204)
def delete_test_run(backend: BackendOf, run_id: Id) -> None:
    """Delete a run with its results; 409 before its end."""
    backend.store.runs.delete(run_id)


@router.post("/{run_id}/abort", status_code=204)
def abort_test_run(backend: BackendOf, run_id: Id) -> None:
    """Ask for the end of a run, which follows soon; 409 when it has ended."""
    backend.store.runs.abort(run_id)
    from_thread.run_sync(backend.wake)


@router.get("/{run_id}/script", response_class=StreamingResponse, responses=SCRIPT_CONTENT)
def download_run_script(backend: BackendOf, run_id: Id) -> ScriptResponse:
    """The script as it was when the run started."""
    return ScriptResponse(backend.store.runs.script(run_id))


@router.get("/{run_id}/distribution")
def get_distribution(backend: BackendOf, run_id: Id) -> Distribution:
    """Return the origin of the load: this machine, whatever zones the test names; 404 before it began."""
    return backend.store.runs.distribution(run_id)


@router.post("/{run_id}/star", status_code=204)
def star_test_run(backend: BackendOf, run_id: Id) -> None:
    """Mark a run to find it again."""
    backend.store.runs.star(run_id, is_starred=True)


@router.post("/{run_id}/unstar", status_code=204)
def unstar_test_run(backend: BackendOf, run_id: Id) -> None:
    """Take the mark off a run."""
    backend.store.runs.star(run_id, is_starred=False)


@router.post("/{run_id}/save", status_code=204, deprecated=True)
def save_test_run(backend: BackendOf, run_id: Id) -> None:
    """Keep the results for ever; 409 when they are deleted already."""
    backend.store.retention.save(run_id)


@router.post("/{run_id}/unsave", status_code=204, deprecated=True)
def unsave_test_run(backend: BackendOf, run_id: Id) -> None:
    """Keep the results for another 30 days only."""
    backend.store.retention.unsave(run_id)
