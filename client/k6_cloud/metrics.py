"""The metrics of test runs (API v5: v6 has none).

Arguments stand in the path in OData's form: `query_range_k6(query='…',metric='…',step=10)`. Text is in
single quotes, a quote within it is doubled, and the whole is percent-encoded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import quote

from pydantic import Field

from k6_cloud.api import Api
from k6_cloud.models import Response

_RUNS = "/cloud/v5/test_runs"
_TESTS = "/cloud/v5/load_tests"
MetricType = Literal["counter", "gauge", "rate", "trend"]


class Metric(Response):
    """A metric of a run. `type`: counter, gauge, rate or trend; `origin`: builtin or script."""

    id: str = ""
    name: str
    type: str
    origin: str | None = None
    test_run_id: int | None = None


class MetricList(Response):
    """All metrics of a run."""

    value: list[Metric]


class LabelledMetric(Response):
    """A metric of a test, with the labels its series have."""

    name: str
    type: str
    labels: list[str] = Field(default_factory=list[str])


class LabelledMetricList(Response):
    """The metrics of a test's runs."""

    value: list[LabelledMetric]


class Series(Response):
    """One series of an answer: its labels, and [unix seconds, value] pairs. A null value is a gap."""

    metric: dict[str, str]
    values: list[tuple[float, float | None]]


class QueryData(Response):
    """`matrix` for values over time, `vector` for one value a series."""

    resultType: str
    result: list[Series]


class QueryResult(Response):
    """The answer to a query."""

    status: str
    data: QueryData


class SeriesList(Response):
    """The label sets of the series that match."""

    status: str
    data: list[dict[str, str]]


class Names(Response):
    """Label names, or the values of one."""

    status: str
    data: list[str]


class Metrics:
    """`/cloud/v5/test_runs/{id}` and `/cloud/v5/load_tests/{id}`: metrics, labels and queries."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self, test_run_id: int) -> MetricList:
        """The metrics of a run (`metrics`)."""
        return await self._api.get(MetricList, f"{_RUNS}/{test_run_id}/metrics")

    async def of_load_test(
        self,
        load_test_id: int,
        *,
        test_run_count: int | None = None,
        test_run_ids: Sequence[int] | None = None,
    ) -> LabelledMetricList:
        """The metrics of a test's newest runs, or of the given ones (`metrics(...)`)."""
        call = function("metrics", {"test_run_count": test_run_count, "test_run_ids": test_run_ids})
        return await self._api.get(LabelledMetricList, f"{_TESTS}/{load_test_id}/{call}")

    async def series(self, test_run_id: int, match: Sequence[str]) -> SeriesList:
        """The series that a selector like `http_reqs{status="200"}` matches (`series`)."""
        return await self._api.get(SeriesList, f"{_RUNS}/{test_run_id}/series", {"match[]": [*match]})

    async def labels(self, test_run_id: int, match: Sequence[str] = ()) -> Names:
        """The names of the labels (`labels`)."""
        return await self._api.get(Names, f"{_RUNS}/{test_run_id}/labels", {"match[]": [*match] or None})

    async def label_values(self, test_run_id: int, label: str, match: Sequence[str] = ()) -> Names:
        """The values of a label (`label/{name}/values`)."""
        path = f"{_RUNS}/{test_run_id}/label/{quote(label, safe='')}/values"
        return await self._api.get(Names, path, {"match[]": [*match] or None})

    async def query_range(
        self,
        test_run_id: int,
        query: str,
        metric: str,
        *,
        step: int | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> QueryResult:
        """Values over time, one for each `step` seconds (`query_range_k6`)."""
        arguments = {"query": query, "metric": metric, "step": step, "start": start, "end": end}
        return await self._query(test_run_id, "query_range_k6", arguments)

    async def query_aggregate(
        self,
        test_run_id: int,
        query: str,
        metric: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> QueryResult:
        """One value for each series, over the whole run or a part of it (`query_aggregate_k6`)."""
        arguments = {"query": query, "metric": metric, "start": start, "end": end}
        return await self._query(test_run_id, "query_aggregate_k6", arguments)

    async def query_aggregate_of_load_test(
        self,
        load_test_id: int,
        query: str,
        metric: str,
        *,
        test_run_count: int | None = None,
        test_run_ids: Sequence[int] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> QueryResult:
        """One value for each series of each of a test's newest runs, or of the given ones (`query_aggregate_k6`).

        The label `test_run_id` tells the runs apart.
        """
        arguments = {"query": query, "metric": metric, "start": start, "end": end}
        runs = {"test_run_count": test_run_count, "test_run_ids": test_run_ids}
        call = function("query_aggregate_k6", {**arguments, **runs})
        return await self._api.get(QueryResult, f"{_TESTS}/{load_test_id}/{call}")

    async def _query(self, test_run_id: int, name: str, arguments: Mapping[str, Any]) -> QueryResult:
        return await self._api.get(QueryResult, f"{_RUNS}/{test_run_id}/{function(name, arguments)}")


def function(name: str, arguments: Mapping[str, Any]) -> str:
    """An OData function call for a path; arguments without a value are left out."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return (
        f"{name}({','.join(f'{key}={quote(_literal(value), safe=_PLAIN)}' for key, value in given.items())})"
    )


_PLAIN = "'()[],:"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Sequence):
        return f"[{','.join(map(str, cast(Sequence[int], value)))}]"
    return str(value)
