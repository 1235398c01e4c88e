"""Thresholds, read from a run's options and measured again from its metrics.

The API tells only whether a run passed, not which threshold did what. A threshold whose metric has no
samples passes in k6, and proves nothing: measured here, it shows as having no value.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from k6_cloud.models import Json

_EXPRESSION = re.compile(
    r"\s*(?P<method>p\(\s*(?P<percentile>\d+(?:\.\d+)?)\s*\)|[a-z]+)\s*"
    r"(?P<operator>===|==|!=|<=|>=|<|>)\s*(?P<limit>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
)
_SELECTED = re.compile(r"(?P<metric>[^{]+)(?:\{(?P<labels>.*)\})?", re.DOTALL)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}
# k6's words for an aggregation, in the query language of the metrics API, by the type of the metric.
_QUERIES: dict[tuple[str, str], str] = {
    ("counter", "count"): "increase",
    ("counter", "rate"): "rate",
    ("gauge", "value"): "last",
    ("rate", "rate"): "ratio",
    ("trend", "avg"): "histogram_avg",
    ("trend", "min"): "histogram_min",
    ("trend", "max"): "histogram_max",
    ("trend", "med"): "histogram_quantile(0.5)",
}


@dataclass(frozen=True)
class Threshold:
    """One condition on a metric. `labels` narrows it to a part of the metric's series."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    expression: str
    method: str
    percentile: float | None
    operator: str
    limit: float

    @property
    def name(self) -> str:
        """The threshold as it stands in the script."""
        labels = f"{{{','.join(f'{name}:{value}' for name, value in self.labels)}}}" if self.labels else ""
        return f"{self.metric}{labels} {self.expression}"

    def query(self, metric_type: str) -> str | None:
        """The query that measures it; None if the API cannot."""
        if self.percentile is not None:
            return f"histogram_quantile({self.percentile / 100:g})" if metric_type == "trend" else None
        return _QUERIES.get((metric_type, self.method))

    def holds(self, value: float) -> bool:
        """Whether a measured value keeps to it."""
        return _COMPARE[self.operator](value, self.limit)


def thresholds_of(options: Json | None) -> list[Threshold]:
    """The thresholds of a run's options; conditions that cannot be read are left out."""
    found: Any = (options or {}).get("thresholds") or {}
    if not isinstance(found, dict):
        return []
    return [
        threshold
        for selected, conditions in cast(dict[str, Any], found).items()
        for expression in _expressions(conditions)
        if (threshold := _threshold(selected, expression))
    ]


def _expressions(conditions: Any) -> Iterator[str]:
    """Conditions come as text, or as objects with the text in `threshold`, alone or in a list."""
    for condition in cast(list[Any], conditions) if isinstance(conditions, list) else [conditions]:
        text: Any = cast(Json, condition).get("threshold") if isinstance(condition, dict) else condition
        if isinstance(text, str):
            yield text


def _threshold(selected: str, expression: str) -> Threshold | None:
    condition, subject = _EXPRESSION.fullmatch(expression), _SELECTED.fullmatch(selected)
    if condition is None or subject is None:
        return None
    percentile = condition["percentile"]
    return Threshold(
        metric=subject["metric"].strip(),
        labels=tuple(_labels(subject["labels"] or "")),
        expression=expression.strip(),
        method=condition["method"],
        percentile=float(percentile) if percentile else None,
        operator=condition["operator"],
        limit=float(condition["limit"]),
    )


def _labels(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(","):
        name, separator, value = part.partition(":")
        if separator:
            yield name.strip(), value.strip().strip("'\"")
