"""The figures of a run, measured through the metrics API: latency, errors, throughput, checks, thresholds."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.queries import selector
from k6_cloud_mcp_tools.metrics.thresholds import Threshold, thresholds_of

_CONCURRENT = 4
Given = TypeVar("Given")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Figure:
    """A figure by which runs are compared: what it is called, in what unit, and how it is measured."""

    name: str
    unit: str
    metric: str
    query: str


FIGURES = (
    Figure("http_req_duration p50", "ms", "http_req_duration", "histogram_quantile(0.5)"),
    Figure("http_req_duration p95", "ms", "http_req_duration", "histogram_quantile(0.95)"),
    Figure("http_req_duration p99", "ms", "http_req_duration", "histogram_quantile(0.99)"),
    Figure("http_req_failed", "ratio", "http_req_failed", "ratio"),
    Figure("http_reqs", "1/s", "http_reqs", "rate"),
    Figure("http_reqs total", "count", "http_reqs", "increase"),
    Figure("iterations", "1/s", "iterations", "rate"),
    Figure("checks", "ratio", "checks", "ratio"),
)


@dataclass(frozen=True)
class Measured:
    """The measurements of one run. A value is None if there were no samples."""

    run: TestRun
    figures: dict[str, float | None] = field(default_factory=dict[str, float | None])
    checks: dict[str, float] = field(default_factory=dict[str, float])
    thresholds: dict[Threshold, float | None] = field(default_factory=dict[Threshold, float | None])


async def measure(k6: K6Cloud, run: TestRun) -> Measured:
    """Measure a run."""
    types = await metric_types(k6, run.id)

    async def figure(one: Figure) -> float | None:
        return await _value(k6, run.id, one.query, one.metric) if one.metric in types else None

    return Measured(
        run=run,
        figures={one.name: value for one, value in await each(FIGURES, figure)},
        checks=await _checks(k6, run.id) if "checks" in types else {},
        thresholds=await measured_thresholds(k6, run, types),
    )


async def metric_types(k6: K6Cloud, test_run_id: int) -> dict[str, str]:
    """The types of a run's metrics, by name."""
    return {metric.name: metric.type for metric in (await k6.metrics.list(test_run_id)).value}


async def measured_thresholds(
    k6: K6Cloud, run: TestRun, types: dict[str, str]
) -> dict[Threshold, float | None]:
    """The value of each threshold that can be measured; None where its metric has no samples."""

    async def value(one: Threshold) -> float | None:
        query = one.query(types.get(one.metric, ""))
        return await _value(k6, run.id, query, selector(one.metric, dict(one.labels))) if query else None

    measurable = [
        one for one in thresholds_of(run.options) if one.metric not in types or one.query(types[one.metric])
    ]
    return dict(await each(measurable, value))


async def failing_checks(k6: K6Cloud, test_run_id: int) -> float | None:
    """The share of checks that failed, from 0 to 1; None where it cannot be known."""
    try:
        ratio = await _value(k6, test_run_id, "ratio", "checks")
    except K6CloudError:
        return None
    return None if ratio is None else 1 - ratio


async def each(
    items: Iterable[Given], ask: Callable[[Given], Awaitable[Answer]]
) -> Sequence[tuple[Given, Answer]]:
    """The answer for each item, a few asked at a time, in the order of the items."""
    wanted = [*items]
    answers: dict[int, Answer] = {}
    slots = anyio.CapacityLimiter(_CONCURRENT)

    async def one(position: int) -> None:
        async with slots:
            answers[position] = await ask(wanted[position])

    failure: Exception | None = None
    try:
        async with anyio.create_task_group() as tasks:
            for position in range(len(wanted)):
                tasks.start_soon(one, position)
    except ExceptionGroup as group:
        failure = group.exceptions[0]
    if failure:
        # Callers know what one call raises, not groups of it.
        raise failure
    return [(item, answers[position]) for position, item in enumerate(wanted)]


async def _checks(k6: K6Cloud, test_run_id: int) -> dict[str, float]:
    result = await k6.metrics.query_aggregate(test_run_id, "ratio by (check)", "checks")
    values = ((series.metric.get("check", ""), series.values) for series in result.data.result)
    return {name: points[-1][1] for name, points in values if points and points[-1][1] is not None}


async def _value(k6: K6Cloud, test_run_id: int, query: str, metric: str) -> float | None:
    result = await k6.metrics.query_aggregate(test_run_id, query, metric)
    for series in result.data.result:
        if series.values:
            return series.values[-1][1]
    return None
