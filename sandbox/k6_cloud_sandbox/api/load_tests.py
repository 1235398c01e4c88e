"""`/load_tests` and `/projects/{id}/load_tests`."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from k6_cloud.load_tests import OPTIONS_DIGEST
from k6_cloud.models import (
    IsoDatetime,
    LoadTest,
    MoveLoadTest,
    PatchLoadTest,
    StartedTestRun,
    TestName,
    TestRun,
)
from k6_cloud.scripts.script import CHUNK, Script
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.api.bodies import BINARY, FORM, chunks, form, require_json, require_type
from k6_cloud_sandbox.api.downloads import SCRIPT_CONTENT, ScriptResponse, require_accepted
from k6_cloud_sandbox.api.error_handlers import invalid
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.lists import Listing, Order, Paging, ordering
from k6_cloud_sandbox.api.uploads import receive_script

router = APIRouter(tags=["load tests"], dependencies=[Depends(require_stack)])
TestOrder = Annotated[Order, Depends(ordering("id", "project_id", "name", "created", "updated"))]
RunOrder = Annotated[Order, Depends(ordering("created"))]
PagingOf = Annotated[Paging, Depends()]
JsonOnly = Depends(require_json)


class NewLoadTest(BaseModel):
    """The parts of a create request beside the script."""

    name: TestName
    k6_version: int | None = None


def _body(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of a body that is read by hand, because it is too large to hold in memory."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


_FILE = {"type": "string", "format": "binary"}
_FORM_BODY = _body(
    FORM,
    {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "script": _FILE, "k6_version": {"type": "integer"}},
    },
)


@router.get("/load_tests")
def list_load_tests(
    backend: BackendOf, paging: PagingOf, order: TestOrder, name: str | None = None
) -> Listing[LoadTest]:
    """All load tests; `name` matches exactly."""
    return paging.listing(backend.store.load_tests.list(paging.slice(order), name=name))


@router.get("/projects/{project_id}/load_tests")
def list_project_load_tests(
    backend: BackendOf, project_id: Id, paging: PagingOf, order: TestOrder, name: str | None = None
) -> Listing[LoadTest]:
    """The load tests of a project; `name` matches exactly."""
    return paging.listing(backend.store.load_tests.list(paging.slice(order), project_id, name))


@router.post("/projects/{project_id}/load_tests", status_code=201, openapi_extra=_FORM_BODY)
def create_load_test(backend: BackendOf, project_id: Id, request: Request) -> LoadTest:
    """Create a load test, with a script or without; 409 when the name is taken in the project."""
    require_type(request, FORM)
    with form(request) as parts:
        try:
            new = NewLoadTest.model_validate(dict(parts))
        except ValidationError as error:
            raise invalid(error) from None
        with _script_part(parts.get("script"), backend.settings.max_script_bytes) as script:
            return backend.store.load_tests.create(project_id, new.name, script, new.k6_version)


@router.get("/load_tests/{test_id}")
def get_load_test(backend: BackendOf, test_id: Id) -> LoadTest:
    """Get one load test."""
    return backend.store.load_tests.get(test_id)


@router.patch("/load_tests/{test_id}", status_code=204, dependencies=[JsonOnly])
def update_load_test(backend: BackendOf, test_id: Id, patch: PatchLoadTest | None = None) -> None:
    """Set the given fields; 409 when the name is taken in the project."""
    backend.store.load_tests.update(test_id, patch or PatchLoadTest())


@router.delete("/load_tests/{test_id}", status_code=204)
def delete_load_test(backend: BackendOf, test_id: Id) -> None:
    """Delete a load test and its runs; 409 while it runs."""
    backend.store.load_tests.delete(test_id)


@router.put("/load_tests/{test_id}/move", status_code=204, dependencies=[JsonOnly])
def move_load_test(backend: BackendOf, test_id: Id, destination: MoveLoadTest) -> None:
    """Move a load test and its runs; 409 when its name is taken in the destination."""
    backend.store.load_tests.move(test_id, destination.project_id)


@router.get("/load_tests/{test_id}/script", response_class=StreamingResponse, responses=SCRIPT_CONTENT)
def download_script(backend: BackendOf, test_id: Id, request: Request) -> ScriptResponse:
    """The script as it is stored; 406 when Accept names only the other kind."""
    script = backend.store.load_tests.script(test_id)
    require_accepted(request, script)
    return ScriptResponse(script)


@router.put("/load_tests/{test_id}/script", status_code=204, openapi_extra=_body(BINARY, _FILE))
def upload_script(backend: BackendOf, test_id: Id, request: Request) -> None:
    """Replace the script by UTF-8 JavaScript or a k6 archive."""
    # `curl -T script.js` sends no type.
    require_type(request, BINARY, "")
    backend.store.load_tests.get(test_id)
    with receive_script(chunks(request), backend.settings.max_script_bytes) as script:
        backend.store.load_tests.set_script(test_id, script)


@router.post("/load_tests/{test_id}/start")
def start_load_test(
    backend: BackendOf,
    test_id: Id,
    key: Annotated[str | None, Header(alias="K6-Idempotency-Key")] = None,
    previewed: Annotated[str | None, Header(alias=OPTIONS_DIGEST, include_in_schema=False)] = None,
) -> StartedTestRun:
    """Start a run. Its script is checked later: one that is broken shows as an aborted run."""
    run = backend.store.runs.start(test_id, key, previewed)
    from_thread.run_sync(backend.wake)
    page = f"{backend.base_url}/runs/{run.id}"
    return StartedTestRun(**run.model_dump(), test_run_details_page_url=page)


@router.get("/load_tests/{test_id}/test_runs")
def list_runs_of_load_test(
    backend: BackendOf,
    test_id: Id,
    paging: PagingOf,
    order: RunOrder,
    created_after: IsoDatetime | None = None,
    created_before: IsoDatetime | None = None,
    is_starred: bool | None = None,
) -> Listing[TestRun]:
    """The runs of a load test."""
    rows = backend.store.runs.list(paging.slice(order), test_id, created_after, created_before, is_starred)
    return paging.listing(rows)


def _script_part(part: UploadFile | str | None, limit: int) -> Script | nullcontext[None]:
    if part is None:
        return nullcontext()
    return receive_script([part.encode()] if isinstance(part, str) else _pieces(part), limit)


def _pieces(part: UploadFile) -> Iterator[bytes]:
    while piece := part.file.read(CHUNK):
        yield piece
