import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.connection import connect
from k6_cloud.errors import Conflict, ServerFailure

RUN = {
    "id": 1234,
    "test_id": 1,
    "project_id": 2,
    "created": "2024-06-01T19:00:00Z",
    "status": "running",
    "status_details": {"type": "running", "entered": "2024-06-01T19:00:20Z"},
}


async def test_a_run_is_read_by_its_id():
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("GET", "/cloud/v6/test_runs/1234")
        return httpx.Response(200, json=RUN)

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    assert (await K6Cloud(http).test_runs.get(1234)).status == "running"


async def test_a_run_is_aborted_with_an_empty_post():
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/cloud/v6/test_runs/1234/abort")
        assert request.content == b""
        return httpx.Response(204)

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    await K6Cloud(http).test_runs.abort(1234)


async def test_an_abort_is_not_retried():
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503)

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    with pytest.raises(ServerFailure):
        await K6Cloud(http).test_runs.abort(1234)
    assert asked == ["POST"]


async def test_aborting_a_run_that_ended_is_a_conflict():
    def handler(_request: httpx.Request) -> httpx.Response:
        error = {"message": "Cannot abort a non-running test.", "code": "conflict"}
        return httpx.Response(409, json={"error": error})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    with pytest.raises(Conflict, match="Cannot abort a non-running test"):
        await K6Cloud(http).test_runs.abort(1234)
