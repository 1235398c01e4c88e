"""The tool that puts runs side by side."""

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from k6_cloud.client import K6Cloud
from k6_cloud_mcp_tools.context import K6
from k6_cloud_mcp_tools.metrics.measurements import FIGURES, Measured, each, measure
from k6_cloud_mcp_tools.metrics.thresholds import Threshold
from k6_cloud_mcp_tools.results import AnyTestRunRow, rounded

Item = TypeVar("Item")
_CHECKS_SHOWN = 30


class ComparedFigure(BaseModel):
    """One figure of each run, in the order of the runs; `change` is that of each later run, in per cent of the first."""

    name: str
    unit: str
    values: list[float | None]
    change: list[float | None]


class ComparedThreshold(BaseModel):
    """A threshold with the value each run measured.

    No value means that the run has no samples for it, or does not set it: nothing is proved there.
    """

    threshold: str
    values: list[float | None]
    passed: list[bool | None]


class ComparedCheck(BaseModel):
    """A check with the share that passed in each run, from 0 to 1."""

    check: str
    rates: list[float | None]


class Comparison(BaseModel):
    """Runs side by side, the first being what the others are compared with."""

    runs: list[AnyTestRunRow]
    figures: list[ComparedFigure]
    thresholds: list[ComparedThreshold]
    checks: list[ComparedCheck]
    notes: list[str] | None = None


async def compare_test_runs(
    k6: K6,
    test_run_ids: Annotated[
        list[Annotated[int, Field(ge=1)]],
        Field(min_length=2, max_length=5, description="The baseline first; from list_load_test_runs."),
    ],
) -> Comparison:
    """Compare runs with the first: latency, errors, throughput, thresholds, checks, cost, and the change in per cent."""
    measured = [one for _, one in await each(test_run_ids, lambda test_run_id: _measured(k6, test_run_id))]
    return Comparison(
        runs=[AnyTestRunRow.of(one.run) for one in measured],
        figures=_figures(measured),
        thresholds=[_threshold(one, measured) for one in _first_seen(run.thresholds for run in measured)],
        checks=_checks(measured),
        notes=_notes(measured) or None,
    )


async def _measured(k6: K6Cloud, test_run_id: int) -> Measured:
    return await measure(k6, await k6.test_runs.get(test_run_id))


def _figures(measured: Sequence[Measured]) -> list[ComparedFigure]:
    rows: list[ComparedFigure] = []
    for figure in FIGURES:
        values = [one.figures.get(figure.name) for one in measured]
        if any(value is not None for value in values):
            change = [_change(values[0], value) for value in values[1:]]
            shown = [rounded(value) for value in values]
            rows.append(ComparedFigure(name=figure.name, unit=figure.unit, values=shown, change=change))
    return rows


def _change(before: float | None, after: float | None) -> float | None:
    """By how many per cent a value changed; None where that has no meaning."""
    if before is None or after is None or before == 0:
        return 0.0 if before == after == 0 else None
    return round((after - before) / abs(before) * 100, 1)


def _threshold(threshold: Threshold, measured: Sequence[Measured]) -> ComparedThreshold:
    values = [one.thresholds.get(threshold) for one in measured]
    return ComparedThreshold(
        threshold=threshold.name,
        values=[rounded(value) for value in values],
        passed=[None if value is None else threshold.holds(value) for value in values],
    )


def _checks(measured: Sequence[Measured]) -> list[ComparedCheck]:
    """The checks that did not pass everywhere first, so that a cut hides the least."""
    names = _first_seen(one.checks for one in measured)
    rows = [
        ComparedCheck(check=name, rates=[rounded(one.checks.get(name)) for one in measured]) for name in names
    ]
    rows.sort(key=lambda row: min((rate for rate in row.rates if rate is not None), default=1.0))
    return rows[:_CHECKS_SHOWN]


def _first_seen(groups: Iterable[Iterable[Item]]) -> list[Item]:
    return [*dict.fromkeys(item for group in groups for item in group)]


def _notes(measured: Sequence[Measured]) -> list[str]:
    """List what weakens the comparison."""
    notes = [f"Run {one.run.id} is still {one.run.status}." for one in measured if not one.run.is_final]
    notes += [
        f"Run {one.run.id} broke off: its figures are of a part."
        for one in measured
        if one.run.result == "error"
    ]
    if len({one.run.test_id for one in measured}) > 1:
        notes.append("The runs are of different load tests.")
    if len({one.run.max_vus for one in measured}) > 1:
        notes.append("The runs had different numbers of VUs: throughput does not compare directly.")
    return notes
