from datetime import datetime

import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import Conflict, NotFinished, ServerFailure
from k6_cloud.models import TestRun
from k6_cloud.requests.connection import connect

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


class Runs:
    """A run that goes through statuses, one for each read."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.reads = 0

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.reads += 1
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return httpx.Response(200, json=RUN | {"status": status})

    @property
    def cloud(self) -> K6Cloud:
        http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(self))
        return K6Cloud(http)


async def test_a_run_is_waited_for_until_it_has_ended():
    runs = Runs("queued", "running", "processing_metrics", "completed")

    run = await runs.cloud.test_runs.wait(1234, poll=0.001)

    assert (run.status, run.is_final, runs.reads) == ("completed", True, 4)


async def test_a_run_that_has_ended_is_read_once():
    runs = Runs("aborted")

    assert (await runs.cloud.test_runs.wait(1234, timeout=0.001)).status == "aborted"
    assert runs.reads == 1


async def test_a_wait_ends_with_its_timeout_and_the_run_goes_on():
    runs = Runs("running")

    with pytest.raises(
        NotFinished, match=r"Test run 1234 did not end within 0\.05 s: it is running"
    ) as caught:
        await runs.cloud.test_runs.wait(1234, poll=0.001, timeout=0.05)

    assert (caught.value.test_run_id, caught.value.status) == (1234, "running")
    assert isinstance(caught.value, TimeoutError)
    assert runs.reads > 1


async def test_progress_is_told_after_each_read_by_functions_of_both_kinds():
    told: list[str] = []

    async def tell(run: TestRun) -> None:
        told.append(f"later {run.status}")

    await Runs("running", "completed").cloud.test_runs.wait(
        1234, poll=0.001, progress=lambda run: told.append(run.status)
    )
    await Runs("running", "completed").cloud.test_runs.wait(1234, poll=0.001, progress=tell)

    assert told == ["running", "completed", "later running", "later completed"]


async def test_the_time_of_a_filter_is_sent_in_utc():
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"value": []})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    k6 = K6Cloud(http)
    begin, end = (datetime.fromisoformat(f"2026-03-01T0{hour}:30:00+02:00") for hour in (1, 5))

    await k6.test_runs.list(created_after=begin, created_before=end)
    await k6.load_tests.list_runs(1, created_after=begin, created_before=end)
    _ = [run async for run in k6.test_runs.iterate(created_after=begin, created_before=end)]
    _ = [run async for run in k6.load_tests.iterate_runs(1, created_after=begin, created_before=end)]

    for url in asked:
        assert datetime.fromisoformat(url.params["created_after"]) == begin
        assert url.params["created_after"] == "2026-02-28T23:30:00Z"
        assert url.params["created_before"] == "2026-03-01T03:30:00Z"
    assert len(asked) == 4
