"""The tool that draws runs: a picture for hosts that show images."""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ImageContent, TextContent
from pydantic import Field

from k6_cloud.client import K6Cloud
from k6_cloud.metrics import QueryResult
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.context import K6
from k6_cloud_mcp_tools.metrics.chart_lines import LINES, DrawnLine, DrawnRun, Points
from k6_cloud_mcp_tools.metrics.measurements import each, metric_types
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.operations.metrics import window_of
from k6_cloud_mcp_tools.results import short

_POINTS = 120
_WORDS: dict[str, Callable[[float], str]] = {
    "rate": lambda value: f"{short(value)} requests/s",
    "p95": lambda value: f"p95 {short(value)} ms",
    "failed": lambda value: f"{value:.2%} failed",
}
_LACKING = (
    "Not drawn: this server has no drawing library. Its operator can install it: k6-cloud-mcp[charts]. "
    "query_test_run_metrics gives the same figures as numbers."
)


async def chart_test_run(
    k6: K6,
    test_run_ids: Annotated[
        list[Annotated[int, Field(ge=1)]],
        Field(min_length=1, max_length=4, description="From list_load_test_runs; several are compared."),
    ],
) -> CallToolResult:
    """Draw VUs, requests/s, response times and errors over time as a PNG, of one run or of several."""
    draw = _pencil()
    wanted = [*dict.fromkeys(test_run_ids)]
    runs = [run for _, run in await each(wanted, partial(_drawn, k6))]
    if not any(points for run in runs for points in run.lines.values()):
        raise ToolError(f"Not drawn: no metrics were measured (yet). {_summary(runs)}")
    picture = await anyio.to_thread.run_sync(draw, runs)
    image = ImageContent(type="image", data=base64.b64encode(picture).decode(), mime_type="image/png")
    return CallToolResult(content=[image, TextContent(type="text", text=_summary(runs))])


def _pencil() -> Callable[[Sequence[DrawnRun]], bytes]:
    """The drawing function. Its library is optional, and slow to load: only a call of this tool needs it."""
    try:
        from k6_cloud_mcp_tools.metrics.drawing import draw
    except ModuleNotFoundError as error:
        raise ToolError(_LACKING) from error
    return draw


async def _drawn(k6: K6Cloud, test_run_id: int) -> DrawnRun:
    run = await k6.test_runs.get(test_run_id)
    types = await metric_types(k6, run.id)
    measured = [line for line in LINES if line.metric in types]
    points = dict(await each([line.key for line in measured], partial(_points, k6, run)))
    figures = dict(await each([line.key for line in measured], partial(_figure, k6, run)))
    return DrawnRun(run.id, run.result or run.status, points, figures)


async def _points(k6: K6Cloud, run: TestRun, key: str) -> Points:
    """A line over the seconds since the run began."""
    line = _line(key)
    first, last = window_of(run, None, None)
    step = max(1, math.ceil((last - first).total_seconds() / _POINTS))
    result = await k6.metrics.query_range(run.id, line.query, line.metric, step=step)
    began = math.floor(first.timestamp())
    return [(moment - began, value) for moment, value in _values(result) if value is not None]


async def _figure(k6: K6Cloud, run: TestRun, key: str) -> float | None:
    """The one value of a line for the whole run."""
    line = _line(key)
    values = _values(await k6.metrics.query_aggregate(run.id, line.query, line.metric))
    return values[-1][1] if values else None


def _values(result: QueryResult) -> list[tuple[float, float | None]]:
    measured = [series.values for series in result.data.result if series.values]
    return measured[0] if measured else []


def _line(key: str) -> DrawnLine:
    return next(line for line in LINES if line.key == key)


def _summary(runs: Sequence[DrawnRun]) -> str:
    return " ".join(f"Run {run.id} ({run.standing}): {_figures(run.figures)}." for run in runs)


def _figures(figures: Mapping[str, float | None]) -> str:
    known = {key: value for key, value in figures.items() if value is not None and math.isfinite(value)}
    return ", ".join(say(known[key]) for key, say in _WORDS.items() if key in known) or "nothing measured"


OPERATIONS = [read(chart_test_run, "Chart test runs")]
