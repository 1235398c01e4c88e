"""The metrics of test runs (API v5: v6 has none).

Arguments stand in the path in OData's form: `query_range_k6(query='…',metric='…',step=10)`. Text is in
single quotes, a quote within it is doubled, and the whole is percent-encoded.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from k6_cloud import paging
from k6_cloud.models import Response
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Id, Moment, Name, Positive, checked, checked_start, quoted, utc_text
from k6_cloud.requests.owners import OfLoadTest, OfTestRun, Owner

_RUNS = "/cloud/v5/test_runs"
_TESTS = "/cloud/v5/load_tests"
MetricType = Literal["counter", "gauge", "rate", "trend"]
Ids = Annotated[Sequence[Id], Field(min_length=1, max_length=100)]


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
    """`/cloud/v5/test_runs/{id}` and `/cloud/v5/load_tests/{id}`: metrics, labels and queries.

    A query is a method like `rate by (name)`, of a metric like `http_reqs{status="200"}`. Times need a time zone; by
    default a query covers the whole run. Times of metrics are in milliseconds, as k6 measures them.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    @checked
    async def list(self, test_run_id: Id) -> MetricList:
        """Return the metrics of a run: this list has no pages. API operation: `metrics` (v5). Raises: NotFound."""
        return await self._api.get(
            MetricList, f"{_RUNS}/{test_run_id}/metrics", owners=(OfTestRun(test_run_id),)
        )

    @checked_start
    def iterate(self, test_run_id: Id) -> AsyncGenerator[Metric, None]:
        """Iterate over the metrics of a run. API operation: `metrics` (v5). Raises: NotFound."""
        return paging.rows(partial(self.list, test_run_id))

    @checked
    async def of_load_test(
        self,
        load_test_id: Id,
        *,
        test_run_count: Positive | None = None,
        test_run_ids: Ids | None = None,
    ) -> LabelledMetricList:
        """Return the metrics of a load test's newest runs (30 by default), or of the given ones (100 at most).

        API operation: `metrics(...)` (v5). Raises: NotFound; BadRequest (both are given).
        """
        runs = {"test_run_count": test_run_count, "test_run_ids": test_run_ids}
        path = f"{_TESTS}/{load_test_id}/{function('metrics', runs)}"
        return await self._api.get(LabelledMetricList, path, owners=_owners(load_test_id, test_run_ids))

    @checked
    async def series(
        self, test_run_id: Id, match: Annotated[Sequence[Name], Field(min_length=1)]
    ) -> SeriesList:
        """Return the series that selectors like `http_reqs{status="200"}` match.

        API operation: `series` (v5). Raises: NotFound; BadRequest (a selector).
        """
        path, params = f"{_RUNS}/{test_run_id}/series", {"match[]": [*match]}
        return await self._api.get(SeriesList, path, params, owners=(OfTestRun(test_run_id),))

    @checked
    async def labels(self, test_run_id: Id, match: Sequence[Name] = ()) -> Names:
        """Return the names of the labels, of all series or of those that match.

        API operation: `labels` (v5). Raises: NotFound; BadRequest (a selector).
        """
        path, params = f"{_RUNS}/{test_run_id}/labels", {"match[]": [*match] or None}
        return await self._api.get(Names, path, params, owners=(OfTestRun(test_run_id),))

    @checked
    async def label_values(self, test_run_id: Id, label: Name, match: Sequence[Name] = ()) -> Names:
        """Return the values of a label, of all series or of those that match.

        API operation: `label/{name}/values` (v5). Raises: NotFound; BadRequest (a selector).
        """
        path = f"{_RUNS}/{test_run_id}/label/{quoted(label)}/values"
        return await self._api.get(
            Names, path, {"match[]": [*match] or None}, owners=(OfTestRun(test_run_id),)
        )

    @checked
    async def query_range(
        self,
        test_run_id: Id,
        query: Name,
        metric: Name,
        *,
        step: Positive | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> QueryResult:
        """Return values over time, one for each `step` seconds.

        API operation: `query_range_k6` (v5). Raises: NotFound; BadRequest (query, metric, or `start` after `end`).
        """
        arguments = {"query": query, "metric": metric, "step": step, "start": start, "end": end}
        return await self._query(test_run_id, "query_range_k6", arguments)

    @checked
    async def query_aggregate(
        self,
        test_run_id: Id,
        query: Name,
        metric: Name,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> QueryResult:
        """Return one value for each series, over the whole run or a part of it.

        API operation: `query_aggregate_k6` (v5). Raises: NotFound; BadRequest (query, metric, or `start` after `end`).
        """
        arguments = {"query": query, "metric": metric, "start": start, "end": end}
        return await self._query(test_run_id, "query_aggregate_k6", arguments)

    @checked
    async def query_aggregate_of_load_test(
        self,
        load_test_id: Id,
        query: Name,
        metric: Name,
        *,
        test_run_count: Positive | None = None,
        test_run_ids: Ids | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> QueryResult:
        """Return one value for each series of each of a load test's newest runs, or of the given ones (100 at most).

        The label `test_run_id` tells the runs apart. API operation: `query_aggregate_k6` (v5).
        Raises: NotFound; BadRequest (query, metric, `start` after `end`, or both ways to choose runs).
        """
        arguments = {"query": query, "metric": metric, "start": start, "end": end}
        runs = {"test_run_count": test_run_count, "test_run_ids": test_run_ids}
        path = f"{_TESTS}/{load_test_id}/{function('query_aggregate_k6', {**arguments, **runs})}"
        return await self._api.get(QueryResult, path, owners=_owners(load_test_id, test_run_ids))

    async def _query(self, test_run_id: int, name: str, arguments: Mapping[str, Any]) -> QueryResult:
        path = f"{_RUNS}/{test_run_id}/{function(name, arguments)}"
        return await self._api.get(QueryResult, path, owners=(OfTestRun(test_run_id),))


def _owners(load_test_id: int, test_run_ids: Sequence[int] | None) -> Sequence[Owner]:
    return [OfLoadTest(load_test_id), *map(OfTestRun, test_run_ids or ())]


def function(name: str, arguments: Mapping[str, Any]) -> str:
    """Write an OData function call for a path; arguments without a value are left out."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return f"{name}({','.join(f'{key}={quoted(_literal(value), _PLAIN)}' for key, value in given.items())})"


_PLAIN = "'()[],:"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return str(utc_text(value))
    if isinstance(value, Sequence):
        return f"[{','.join(map(str, cast(Sequence[int], value)))}]"
    return str(value)
