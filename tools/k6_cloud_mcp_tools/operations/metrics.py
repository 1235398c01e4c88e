"""Tools for the metrics of runs."""

import math
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from k6_cloud.metrics import QueryResult, Series
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.context import K6
from k6_cloud_mcp_tools.metrics.queries import Method, build_query, find_metric
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.operations.comparison import compare_test_runs
from k6_cloud_mcp_tools.parameters import TestRunId
from k6_cloud_mcp_tools.results import Moment, Rows, rounded

MAX_POINTS = 60
MAX_SERIES = 20
Label = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]


class MetricRow(BaseModel):
    """A metric of a run."""

    name: str
    type: str
    origin: str | None = None


class MetricSeries(BaseModel):
    """One series: its labels, and its value or its values as [seconds since the run began, value]."""

    labels: dict[str, str] | None = None
    value: float | None = None
    values: list[tuple[int, float | None]] | None = None


class MetricAnswer(BaseModel):
    """Values of a metric. `step` is in seconds; `series_total` is there when not all series are shown."""

    metric: str
    type: str
    method: str
    start: Moment
    end: Moment
    step: int | None = None
    series: list[MetricSeries]
    series_total: int | None = None


async def list_test_run_metrics(k6: K6, test_run_id: TestRunId) -> Rows[MetricRow]:
    """List the metrics a run measured, with their types: counter, gauge, rate or trend."""
    metrics = sorted((await k6.metrics.list(test_run_id)).value, key=lambda metric: metric.name)
    rows = [MetricRow(name=one.name, type=one.type, origin=one.origin) for one in metrics]
    return Rows(rows=rows, total=len(rows))


async def query_test_run_metrics(
    k6: K6,
    test_run_id: TestRunId,
    metric: Annotated[str, Field(description="From list_test_run_metrics, e.g. http_req_duration.")],
    method: Annotated[
        Method | None, Field(description="Default by type: rate, last, ratio, or the p95.")
    ] = None,
    percentile: Annotated[
        float | None, Field(ge=0, le=100, description="Instead of method, for trends.")
    ] = None,
    group_by: Annotated[
        list[Label], Field(max_length=5, description="Labels, e.g. name, status, check.")
    ] = [],  # noqa: B006
    labels: Annotated[
        dict[Label, str] | None, Field(description="Only series with these label values.")
    ] = None,
    start: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
    step: Annotated[int | None, Field(ge=1, description="Seconds: values over time instead of one.")] = None,
) -> MetricAnswer:
    """Query a metric of a run: one value for the run or a window of it, or with step values over time (60 at most). Durations are in ms."""
    known = find_metric((await k6.metrics.list(test_run_id)).value, metric)
    query = build_query(known, method, percentile, group_by, labels)
    run = await k6.test_runs.get(test_run_id)
    first, last = window_of(run, start, end)
    window = {"start": start, "end": end}
    if step is None:
        result = await k6.metrics.query_aggregate(test_run_id, query.query, query.metric, **window)
    else:
        # A larger step, and not fewer of the values, keeps each one what it says it is.
        seconds = math.ceil(last.timestamp()) - math.floor(first.timestamp())
        step = max(step, math.ceil(seconds / MAX_POINTS))
        result = await k6.metrics.query_range(test_run_id, query.query, query.metric, step=step, **window)
    shown = _series(result, group_by, window_of(run, None, None)[0] if step else None)
    return MetricAnswer(
        metric=known.name,
        type=known.type,
        method=query.method,
        start=first,
        end=last,
        step=step,
        series=shown[:MAX_SERIES],
        series_total=len(shown) if len(shown) > MAX_SERIES else None,
    )


def window_of(run: TestRun, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return the window to query: by default from the begin of load to its end, as the service has it."""
    entered = {status.type: status.entered for status in run.status_history}
    first = start or entered.get("running", run.created)
    return first, end or entered.get("processing_metrics") or run.ended or datetime.now(UTC)


def _series(result: QueryResult, group_by: list[str], since: datetime | None) -> list[MetricSeries]:
    """The series of an answer: over time from `since`, or one value each."""
    return [_one(series, group_by, since) for series in result.data.result if series.values]


def _one(series: Series, group_by: list[str], since: datetime | None) -> MetricSeries:
    labels = {name: series.metric[name] for name in group_by if name in series.metric} or None
    if since is None:
        return MetricSeries(labels=labels, value=rounded(series.values[-1][1]))
    began = math.floor(since.timestamp())
    values = [(round(moment - began), rounded(value)) for moment, value in series.values]
    return MetricSeries(labels=labels, values=values)


OPERATIONS = [
    read(list_test_run_metrics, "List a test run's metrics"),
    read(query_test_run_metrics, "Query a test run's metrics"),
    read(compare_test_runs, "Compare test runs"),
]
