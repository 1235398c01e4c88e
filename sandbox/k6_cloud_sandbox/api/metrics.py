"""`/test_runs/{id}` and `/load_tests/{id}` of the API v5: metrics and queries."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from k6_cloud.metrics import LabelledMetricList, MetricList, Names, QueryData, QueryResult, Series, SeriesList
from k6_cloud.models import TestRun
from k6_cloud_sandbox.api.access import require_stack
from k6_cloud_sandbox.api.backend import Backend, BackendOf
from k6_cloud_sandbox.api.ids import Id
from k6_cloud_sandbox.api.odata import AggregateCall, RangeCall, RunsAggregateCall, RunsCall, parse_call
from k6_cloud_sandbox.api.run_metrics import Question, Readings
from k6_cloud_sandbox.errors import NotFound
from k6_cloud_sandbox.metrics.expression import parse_expression
from k6_cloud_sandbox.metrics.selector import parse_selector
from k6_cloud_sandbox.store.paging import Slice

router = APIRouter(tags=["metrics"], dependencies=[Depends(require_stack)])

_USUAL_RUNS = 30
_ANYTHING = "{__name__!=''}"
Match = Annotated[list[str] | None, Query(alias="match[]")]


@router.get("/test_runs/{run_id}/metrics")
def list_metrics(backend: BackendOf, run_id: Id) -> MetricList:
    """The metrics of a run."""
    return MetricList(value=_readings(backend, run_id).metrics())


@router.get("/test_runs/{run_id}/series")
def list_series(
    backend: BackendOf, run_id: Id, match: Annotated[list[str], Query(alias="match[]", min_length=1)]
) -> SeriesList:
    """The series that fit any of the selectors."""
    return SeriesList(status="success", data=_selected(backend, run_id, match))


@router.get("/test_runs/{run_id}/labels")
def list_labels(backend: BackendOf, run_id: Id, match: Match = None) -> Names:
    """The names of labels, of the series that fit any of the selectors or of all."""
    found = {label for labels in _selected(backend, run_id, match) for label in labels}
    return Names(status="success", data=sorted(found))


@router.get("/test_runs/{run_id}/label/{label:path}/values")
def list_label_values(backend: BackendOf, run_id: Id, label: str, match: Match = None) -> Names:
    """The values of a label, of the series that fit any of the selectors or of all."""
    found = {labels[label] for labels in _selected(backend, run_id, match) if label in labels}
    return Names(status="success", data=sorted(found))


@router.get("/test_runs/{run_id}/query_range_k6({arguments:path})")
def query_range(backend: BackendOf, run_id: Id, arguments: str) -> QueryResult:
    """Values over time. A metric that the run does not have gives an empty result, a wrong method 400."""
    readings = _readings(backend, run_id)
    call = parse_call(arguments, RangeCall)
    return _result("matrix", readings.over_time(_question(call), call.step))


@router.get("/test_runs/{run_id}/query_aggregate_k6({arguments:path})")
def query_aggregate(backend: BackendOf, run_id: Id, arguments: str) -> QueryResult:
    """One value for each series. A metric that the run does not have gives an empty result, a wrong method 400."""
    readings = _readings(backend, run_id)
    return _result("vector", readings.overall(_question(parse_call(arguments, AggregateCall))))


@router.get("/load_tests/{test_id}/metrics")
def list_newest_metrics(backend: BackendOf, test_id: Id) -> LabelledMetricList:
    """The metrics of a test's newest 30 runs, by name, each with the labels it has in any of them."""
    return list_metrics_of_runs(backend, test_id, "")


@router.get("/load_tests/{test_id}/metrics({arguments:path})")
def list_metrics_of_runs(backend: BackendOf, test_id: Id, arguments: str) -> LabelledMetricList:
    """The metrics of some runs of a test, by name; where types differ, the newest run's counts."""
    runs = _runs(backend, test_id, parse_call(arguments, RunsCall))
    found = [metric for run in runs for metric in Readings(backend.store.metrics, run).labelled()]
    metrics = {metric.name: metric for metric in reversed(found)}
    for metric in found:
        metrics[metric.name].labels = sorted({*metrics[metric.name].labels, *metric.labels})
    return LabelledMetricList(value=[metrics[name] for name in sorted(metrics)])


@router.get("/load_tests/{test_id}/query_aggregate_k6({arguments:path})")
def query_aggregate_of_runs(backend: BackendOf, test_id: Id, arguments: str) -> QueryResult:
    """One value for each series of each of some runs of a test; `test_run_id` tells the runs apart."""
    call = parse_call(arguments, RunsAggregateCall)
    runs = _runs(backend, test_id, call)
    question = _question(call)
    found = [series for run in runs for series in Readings(backend.store.metrics, run).overall(question)]
    return _result("vector", found)


def _readings(backend: Backend, run_id: int) -> Readings:
    return Readings(backend.store.metrics, backend.store.runs.get(run_id))


def _selected(backend: Backend, run_id: int, match: Sequence[str] | None) -> list[dict[str, str]]:
    readings = _readings(backend, run_id)
    return readings.select(parse_selector(text, "match[]") for text in match or [_ANYTHING])


def _question(call: AggregateCall) -> Question:
    return Question(parse_expression(call.query), parse_selector(call.metric, "metric"), call.start, call.end)


def _runs(backend: Backend, test_id: int, call: RunsCall) -> list[TestRun]:
    """The runs that are meant, the newest first. Raises NotFound for the test, or a run that is none of its own."""
    if call.test_run_ids is None:
        part = Slice(top=call.test_run_count or _USUAL_RUNS, order=[("created", True)])
        return backend.store.runs.list(part, test_id).items
    backend.store.load_tests.get(test_id)
    runs = [backend.store.runs.get(run_id) for run_id in dict.fromkeys(call.test_run_ids)]
    for run in runs:
        if run.test_id != test_id:
            raise NotFound(f"Test run {run.id} is no run of load test {test_id}.")
    return sorted(runs, key=lambda run: run.created, reverse=True)


def _result(kind: str, series: list[Series]) -> QueryResult:
    return QueryResult(status="success", data=QueryData(resultType=kind, result=series))
