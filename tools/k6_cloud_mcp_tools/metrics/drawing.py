"""Runs as a picture, drawn by matplotlib (the optional extra `charts`): 800 by 560 pixels on white."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from PIL import Image

from k6_cloud_mcp_tools.metrics.chart_lines import DrawnRun

_DPI = 100
_SIZE = (8.0, 5.6)
_COLORS_IN_FILE = 64
# Okabe and Ito's colours, which all kinds of colour vision tell apart; the dashes do so in grey.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_DASHES = ("-", "--", ":", "-.")
_GREY = "#57606A"
# matplotlib is not safe to draw with in two threads at once.
_drawing = Lock()


@dataclass(frozen=True)
class _Panel:
    """A chart: its title, the lines in it, and those that are left when several runs share it."""

    title: str
    keys: tuple[str, ...]
    of_several: tuple[str, ...]
    factor: float = 1.0
    stepped: bool = False

    def title_of(self, runs: int) -> str:
        lines = self.of_several if runs > 1 else self.keys
        return f"{self.title}, {lines[0]}" if len(lines) < len(self.keys) else self.title


_PANELS = (
    _Panel("Virtual users", ("vus",), ("vus",), stepped=True),
    _Panel("Requests per second", ("rate",), ("rate",)),
    _Panel("Response time in ms", ("p50", "p95", "p99"), ("p95",)),
    _Panel("Failed requests in %", ("failed",), ("failed",), factor=100.0),
)


def draw(runs: Sequence[DrawnRun]) -> bytes:
    """One run, or several over each other, as a PNG."""
    with _drawing:
        figure: Any = Figure(figsize=_SIZE, dpi=_DPI, facecolor="white", layout="constrained")
        figure.suptitle(_title(runs), fontsize=12, fontweight="bold", x=0.01, ha="left")
        for position, panel in enumerate(_PANELS, start=1):
            _draw_panel(figure.add_subplot(2, 2, position), panel, runs)
        _add_legend(figure, runs)
        file = io.BytesIO()
        figure.savefig(file, format="png")
    return _small(file)


def _title(runs: Sequence[DrawnRun]) -> str:
    if len(runs) == 1:
        return f"Test run {runs[0].id}: {runs[0].standing}"
    return f"Test runs {', '.join(str(run.id) for run in runs)}"


def _draw_panel(axes: Any, panel: _Panel, runs: Sequence[DrawnRun]) -> None:
    axes.set_title(panel.title_of(len(runs)), fontsize=10, loc="left")
    if len(runs) > 1:
        lines = [(run.lines.get(panel.of_several[0], []), None) for run in runs]
    else:
        lines = [(runs[0].lines.get(key, []), key if len(panel.keys) > 1 else None) for key in panel.keys]
    for style, (points, label) in enumerate(lines):
        if points:
            _draw_line(axes, panel, points, style, label)
    _tidy(axes)
    if any(label for _, label in lines):
        axes.legend(fontsize=8, frameon=False, ncols=3, loc="upper left")


def _draw_line(
    axes: Any, panel: _Panel, points: Sequence[tuple[float, float]], style: int, label: str | None
) -> None:
    axes.plot(
        [second for second, _ in points],
        [value * panel.factor for _, value in points],
        color=_COLORS[style],
        linestyle=_DASHES[style],
        linewidth=1.8,
        drawstyle="steps-post" if panel.stepped else "default",
        marker="o" if len(points) == 1 else None,
        label=label,
    )


def _tidy(axes: Any) -> None:
    axes.set_xlim(left=0)
    axes.set_ylim(0, max(axes.get_ylim()[1] * 1.15, 0.1))
    axes.xaxis.set_major_locator(_seconds_locator())
    axes.xaxis.set_major_formatter(_clock)
    axes.tick_params(labelsize=8, colors=_GREY, length=0)
    axes.grid(visible=True, color="#E1E4E8", linewidth=0.8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#C0C5CB")


def _clock(second: float, _: int) -> str:
    return f"{int(second) // 60}:{int(second) % 60:02}"


def _seconds_locator() -> Any:
    return MaxNLocator(nbins=6, integer=True, steps=[1, 2, 3, 5, 6, 10])


def _add_legend(figure: Any, runs: Sequence[DrawnRun]) -> None:
    """Add a legend if there are several runs."""
    if len(runs) == 1:
        return
    handles = [
        Line2D([], [], color=_COLORS[style], linestyle=_DASHES[style], label=f"{run.id}: {run.standing}")
        for style, run in enumerate(runs)
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(runs), fontsize=9, frameon=False)


def _small(file: io.BytesIO) -> bytes:
    """The picture with few colours: a third of the size, and it looks the same."""
    with Image.open(file) as picture:
        # Coverage keeps the colour of a thin line, which the default method gives up for shades of grey.
        reduced = picture.convert("RGB").quantize(_COLORS_IN_FILE, Image.Quantize.MAXCOVERAGE)
    result = io.BytesIO()
    reduced.save(result, format="PNG", optimize=True)
    return result.getvalue()
