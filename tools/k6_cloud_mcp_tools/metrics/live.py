"""The state of a run right now, in one line."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.measurements import each
from k6_cloud_mcp_tools.results import short

_WINDOW = timedelta(seconds=10)
_PATIENCE = 5.0


@dataclass(frozen=True)
class LiveFigure:
    """A figure of the last seconds: how it is measured, and how it is said."""

    query: str
    metric: str
    say: Callable[[float], str]


FIGURES = (
    LiveFigure("sum(last by (instance_id))", "vus", lambda value: f"{value:.0f} VUs"),
    LiveFigure("rate", "http_reqs", lambda value: f"{short(value)} requests/s"),
    LiveFigure("histogram_quantile(0.95)", "http_req_duration", lambda value: f"p95 {short(value)} ms"),
    LiveFigure("ratio", "http_req_failed", lambda value: f"{value:.1%} errors"),
)


async def live_figures(k6: K6Cloud, run: TestRun, now: datetime | None = None) -> str:
    """VUs, request rate, p95 and errors of the last seconds; empty while there are none."""
    if run.status != "running":
        return ""
    # Not before the run began: an idle time would thin the rates out.
    start = max(run.status_details.entered, (now or datetime.now(UTC)) - _WINDOW)

    async def ask(figure: LiveFigure) -> str | None:
        value = await _latest(k6, run.id, figure, start)
        return None if value is None else figure.say(value)

    with anyio.move_on_after(_PATIENCE):
        words = [words for _, words in await each(FIGURES, ask)]
        # Without VUs nothing was reported yet, and every zero means just that.
        return ", ".join(filter(None, words)) if words[0] else ""
    return ""


async def _latest(k6: K6Cloud, test_run_id: int, figure: LiveFigure, start: datetime) -> float | None:
    """The newest value; None where there is none yet, or the metrics cannot be read: waiting must not fail."""
    try:
        result = await k6.metrics.query_aggregate(test_run_id, figure.query, figure.metric, start=start)
    except K6CloudError:
        return None
    values = [series.values[-1][1] for series in result.data.result if series.values]
    return next((value for value in values if value is not None and math.isfinite(value)), None)
