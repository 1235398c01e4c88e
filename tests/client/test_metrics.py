from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadRequest, NotFound
from k6_cloud.metrics import function
from k6_cloud.requests.connection import connect


class _Service:
    """Answers every request with `answer` and keeps the paths, as they were sent."""

    def __init__(self, answer: Any, status: int = 200) -> None:
        self.paths: list[str] = []
        self._answer, self._status = answer, status
        http = connect(
            Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(self._handle)
        )
        self.metrics = K6Cloud(http).metrics

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        self.paths.append(request.url.raw_path.decode())
        return httpx.Response(self._status, json=self._answer)


def _result(kind: str = "vector") -> dict[str, Any]:
    series = {"metric": {"__name__": "vus", "test_run_id": "5"}, "values": [[1684950639, 14.5]]}
    return {"status": "success", "data": {"resultType": kind, "result": [series]}}


NAMES = {"status": "success", "data": ["a", "b"]}


async def test_the_metrics_of_a_run_are_listed():
    metric = {"id": "x", "name": "vus", "origin": "builtin", "test_run_id": 5, "type": "gauge", "new": 1}
    service = _Service({"value": [metric]})

    (found,) = (await service.metrics.list(5)).value

    assert service.paths == ["/cloud/v5/test_runs/5/metrics"]
    assert (found.name, found.type, found.origin, found.test_run_id) == ("vus", "gauge", "builtin", 5)


async def test_the_metrics_of_a_test_are_those_of_chosen_runs():
    service = _Service({"value": [{"name": "vus", "type": "gauge", "labels": ["instance_id"]}]})

    await service.metrics.of_load_test(3)
    await service.metrics.of_load_test(3, test_run_count=5)
    (found,) = (await service.metrics.of_load_test(3, test_run_ids=[1, 2])).value

    calls = ["metrics()", "metrics(test_run_count=5)", "metrics(test_run_ids=[1,2])"]
    assert service.paths == [f"/cloud/v5/load_tests/3/{call}" for call in calls]
    assert found.labels == ["instance_id"]


async def test_selectors_are_repeated_parameters():
    service = _Service({"status": "success", "data": [{"__name__": "vus"}]})

    found = await service.metrics.series(5, ['vus{a="b"}', "checks"])

    assert service.paths == [
        "/cloud/v5/test_runs/5/series?match%5B%5D=vus%7Ba%3D%22b%22%7D&match%5B%5D=checks"
    ]
    assert found.data == [{"__name__": "vus"}]


async def test_labels_and_their_values_need_no_selector():
    service = _Service(NAMES)

    await service.metrics.labels(5)
    found = await service.metrics.label_values(5, "a/b", ["vus"])

    assert service.paths == [
        "/cloud/v5/test_runs/5/labels",
        "/cloud/v5/test_runs/5/label/a%2Fb/values?match%5B%5D=vus",
    ]
    assert found.data == ["a", "b"]


async def test_a_query_is_a_call_in_the_path():
    service = _Service(_result("matrix"))
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    result = await service.metrics.query_range(
        5, "rate by (name)", 'http_reqs{name="it\'s"}', step=10, start=start
    )

    (path,) = service.paths
    assert path == (
        "/cloud/v5/test_runs/5/query_range_k6(query='rate%20by%20(name)',"
        "metric='http_reqs%7Bname%3D%22it''s%22%7D',step=10,start=2026-01-02T03:04:05Z)"
    )
    assert result.data.result[0].values == [(1684950639, 14.5)]


async def test_the_times_of_a_query_are_sent_in_utc():
    service = _Service(_result("matrix"))
    start = datetime.fromisoformat("2026-03-01T01:30:00.25+02:00")
    end = datetime.fromisoformat("2026-02-28T20:00:00-05:00")

    await service.metrics.query_range(5, "rate", "vus", start=start, end=end)
    await service.metrics.query_aggregate(5, "last", "vus", start=start, end=end)
    await service.metrics.query_aggregate_of_load_test(3, "last", "vus", start=start, end=end)

    for path in service.paths:
        assert "start=2026-02-28T23:30:00.250000Z,end=2026-03-01T01:00:00Z" in path


async def test_an_aggregate_may_be_of_several_runs():
    service = _Service(_result())

    await service.metrics.query_aggregate(5, "last", "vus")
    await service.metrics.query_aggregate_of_load_test(3, "last", "vus", test_run_ids=[5, 6])

    assert service.paths == [
        "/cloud/v5/test_runs/5/query_aggregate_k6(query='last',metric='vus')",
        "/cloud/v5/load_tests/3/query_aggregate_k6(query='last',metric='vus',test_run_ids=[5,6])",
    ]


@pytest.mark.parametrize(("status", "error"), [(400, BadRequest), (404, NotFound)])
async def test_a_failure_is_an_error(status: int, error: type[Exception]):
    service = _Service({"error": {"message": "No such method.", "code": "x"}}, status)

    with pytest.raises(error, match="No such method"):
        await service.metrics.query_aggregate(5, "nope", "vus")


@pytest.mark.parametrize(
    ("value", "written"),
    [("a?b#c/d%", "'a%3Fb%23c%2Fd%25'"), ("'", "''''"), (7, "7"), ([1], "[1]"), ("é", "'%C3%A9'")],
)
def test_arguments_are_written_so_that_they_stay_whole(value: Any, written: str):
    assert function("f", {"x": value, "y": None}) == f"f(x={written})"
