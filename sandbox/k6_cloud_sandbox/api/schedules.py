"""`/schedules` and `/load_tests/{id}/schedule`."""

from typing import Annotated

from fastapi import APIRouter, Depends

from k6_cloud.schedules import CreateSchedule, Schedule
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import require_json
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.lists import Listing, Paging

router = APIRouter(tags=["schedules"], dependencies=[Depends(require_stack)])


@router.get("/schedules")
def list_schedules(backend: BackendOf, paging: Annotated[Paging, Depends()]) -> Listing[Schedule]:
    """All schedules."""
    return paging.listing(backend.store.schedules.list(paging.slice()))


@router.get("/schedules/{schedule_id}")
def get_schedule(backend: BackendOf, schedule_id: Id) -> Schedule:
    """Get one schedule."""
    return backend.store.schedules.get(schedule_id)


@router.delete("/schedules/{schedule_id}", status_code=204)
def delete_schedule(backend: BackendOf, schedule_id: Id) -> None:
    """Delete a schedule; runs it has started go on."""
    backend.store.schedules.delete(schedule_id)


@router.post("/schedules/{schedule_id}/activate", status_code=204)
def activate_schedule(backend: BackendOf, schedule_id: Id) -> None:
    """Let a schedule start tests again; 409 when it has expired."""
    backend.store.schedules.activate(schedule_id)


@router.post("/schedules/{schedule_id}/deactivate", status_code=204)
def deactivate_schedule(backend: BackendOf, schedule_id: Id) -> None:
    """Keep a schedule from starting tests; its recurrence goes on."""
    backend.store.schedules.deactivate(schedule_id)


@router.get("/load_tests/{test_id}/schedule")
def get_schedule_of_load_test(backend: BackendOf, test_id: Id) -> Schedule:
    """The schedule of a load test."""
    return backend.store.schedules.of_test(test_id)


@router.post("/load_tests/{test_id}/schedule", dependencies=[Depends(require_json)])
def set_schedule(backend: BackendOf, test_id: Id, schedule: CreateSchedule) -> Schedule:
    """Set the schedule of a load test, in place of any it has."""
    return backend.store.schedules.set(test_id, schedule)
