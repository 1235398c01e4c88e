"""From a model's words to k6's query language: a metric, a method or a percentile, and labels to group by.

| type | methods | default |
| --- | --- | --- |
| counter | rate (per second), max_rate, total | rate |
| gauge | last, avg, min, max | last |
| rate | ratio (0 to 1), count | ratio |
| trend | avg, min, max, stddev, count, and any percentile | 95th percentile |
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.metrics import Metric

Method = Literal["avg", "min", "max", "stddev", "count", "rate", "max_rate", "total", "ratio", "last"]

_QUERIES: dict[str, dict[str, str]] = {
    "counter": {"rate": "rate", "max_rate": "max_rate(1)", "total": "increase"},
    "gauge": {"last": "last", "avg": "avg", "min": "min", "max": "max"},
    "rate": {"ratio": "ratio", "count": "increase_total"},
    "trend": {
        "avg": "histogram_avg",
        "min": "histogram_min",
        "max": "histogram_max",
        "stddev": "histogram_stddev",
        "count": "histogram_count_increase",
    },
}
_DEFAULTS: dict[str, Method] = {"counter": "rate", "gauge": "last", "rate": "ratio"}
_DEFAULT_PERCENTILE = 95.0


@dataclass(frozen=True)
class MetricQuery:
    """A query as the API takes it, and what it stands for."""

    query: str
    metric: str
    method: str


def build_query(
    metric: Metric,
    method: Method | None = None,
    percentile: float | None = None,
    group_by: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> MetricQuery:
    """The query for a metric. Raises ToolError where the method does not go with the metric's type."""
    if percentile is None and method is None and metric.type == "trend":
        percentile = _DEFAULT_PERCENTILE
    if percentile is not None:
        query, name = _quantile(metric, method, percentile), f"p{percentile:g}"
    else:
        name = method or _DEFAULTS.get(metric.type, "last")
        query = _method(metric, name)
    return MetricQuery(_grouped(query, group_by), selector(metric.name, labels or {}), name)


def find_metric(metrics: Collection[Metric], name: str) -> Metric:
    """The metric of that name. Raises ToolError with those there are."""
    for metric in metrics:
        if metric.name == name:
            return metric
    names = sorted(metric.name for metric in metrics)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ToolError(f"The run has no metric {name!r}.{hint} It has: {', '.join(names) or 'none'}.")


def selector(metric: str, labels: Mapping[str, str]) -> str:
    """A metric with the labels its series must have, quoted safely."""
    if not labels:
        return metric
    return f"{metric}{{{','.join(f'{name}={_quoted(value)}' for name, value in labels.items())}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quantile(metric: Metric, method: Method | None, percentile: float) -> str:
    if method is not None:
        raise ToolError("Give method or percentile, not both.")
    if metric.type != "trend":
        raise ToolError(
            f"{metric.name} is a {metric.type}: percentiles go with trends only. {_valid(metric)}"
        )
    return f"histogram_quantile({percentile / 100:g})"


def _method(metric: Metric, method: str) -> str:
    query = _QUERIES.get(metric.type, {}).get(method)
    if query is None:
        raise ToolError(f"{metric.name} is a {metric.type}, which has no {method}. {_valid(metric)}")
    return query


def _valid(metric: Metric) -> str:
    methods = ", ".join(_QUERIES.get(metric.type, {}))
    return f"Valid: {methods}{' or a percentile' if metric.type == 'trend' else ''}."


def _grouped(query: str, group_by: Sequence[str]) -> str:
    return f"{query} by ({','.join(group_by)})" if group_by else query
