"""The lines of a run's chart, and how they are measured."""

from collections.abc import Mapping
from dataclasses import dataclass

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class DrawnLine:
    """A line of a chart: its name, and the query that measures it."""

    key: str
    query: str
    metric: str


@dataclass(frozen=True)
class DrawnRun:
    """A run's lines as [seconds since it began, value], and the one value of each for the whole run."""

    id: int
    standing: str
    lines: Mapping[str, Points]
    figures: Mapping[str, float | None]


LINES = (
    DrawnLine("vus", "sum(last by (instance_id))", "vus"),
    DrawnLine("rate", "rate", "http_reqs"),
    DrawnLine("p50", "histogram_quantile(0.5)", "http_req_duration"),
    DrawnLine("p95", "histogram_quantile(0.95)", "http_req_duration"),
    DrawnLine("p99", "histogram_quantile(0.99)", "http_req_duration"),
    DrawnLine("failed", "ratio", "http_req_failed"),
)
