"""`/test_runs`."""

from datetime import datetime
from typing import Annotated

from anyio import from_thread
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from k6_cloud.models import TestRun
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.downloads import SCRIPT_CONTENT, ScriptResponse
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.lists import Listing, Paging

router = APIRouter(prefix="/test_runs", tags=["test runs"], dependencies=[Depends(require_stack)])


@router.get("")
def list_test_runs(
    backend: BackendOf,
    paging: Annotated[Paging, Depends()],
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Listing[TestRun]:
    """All runs, the oldest first."""
    rows = backend.store.runs.list(paging.slice(), created_after=created_after, created_before=created_before)
    return paging.listing(rows)


@router.get("/{run_id}")
def get_test_run(backend: BackendOf, run_id: Id) -> TestRun:
    """Get one run."""
    return backend.store.runs.get(run_id)


@router.post("/{run_id}/abort", status_code=204)
def abort_test_run(backend: BackendOf, run_id: Id) -> None:
    """Ask for the end of a run, which follows soon; 409 when it has ended."""
    backend.store.runs.abort(run_id)
    from_thread.run_sync(backend.wake)


@router.get("/{run_id}/script", response_class=StreamingResponse, responses=SCRIPT_CONTENT)
def download_run_script(backend: BackendOf, run_id: Id) -> ScriptResponse:
    """The script as it was when the run started."""
    return ScriptResponse(backend.store.runs.script(run_id))
