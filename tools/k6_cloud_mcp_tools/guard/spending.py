"""The VUh that runs cost so far: added up from the runs themselves, and from the ledger for those that are gone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.guard.start_records import Start

_PAGE = 1000
_MOST_PAGES = 20


@dataclass(frozen=True)
class Spent:
    """VUh: charges of runs that ended, and estimates of those that have not; None with the reason if unknown."""

    vuh: float | None
    reason: str = ""


_TOO_MANY = Spent(None, f"there are more than {_PAGE * _MOST_PAGES} runs")


async def spent_today(k6: K6Cloud, ledger: StartLedger, now: datetime | None = None) -> Spent:
    """Return what the stack spent on the day of `now` (UTC): each run by its own cost, or by what the ledger knows of it.

    `k6` has to see the whole stack. What ended runs cost is written to the ledger. Raises K6CloudError, OSError.
    """
    midnight = _midnight(now)
    runs = await _runs_since(k6, midnight)
    if runs is None:
        return _TOO_MANY
    await ledger.charge(runs, all_of_them=False)
    return _together(runs, await ledger.since(midnight))


async def spent_this_month(k6: K6Cloud, project_id: int) -> Spent:
    """Return what a project's runs of this calendar month (UTC) cost. Raises K6CloudError."""
    runs = await _runs_since(k6, _midnight().replace(day=1))
    return _TOO_MANY if runs is None else sum_of(run for run in runs if run.project_id == project_id)


async def remember_todays_runs(app: App) -> None:
    """Write down what today's runs of the stack cost, before something deletes any of them.

    Raises K6CloudError if they cannot be read, ToolError if they cannot be written down: then nothing may be deleted.
    """
    runs = await _runs_since(app.unscoped, _midnight())
    try:
        await app.ledger.charge(runs or [], all_of_them=True)
    except OSError as error:
        raise ToolError(
            f"Not deleted: the server cannot write down what today's runs cost ({error.strerror or error}), which counts "
            "towards the day's ceiling. Ask the operator to look at its state folder (K6_MCP_STATE_DIR)."
        ) from error


def sum_of(runs: Iterable[TestRun]) -> Spent:
    """Return what runs cost together. One that has no cost yet makes it unknown; one that never began is free."""
    total = 0.0
    for run in runs:
        if run.cost is not None:
            total += run.cost.total_vuh
        elif run.status != "aborted":
            return Spent(None, f"run {run.id} has no cost yet")
    return Spent(total)


def left_of(limit: int, spent: Spent, vuh: float | None) -> str:
    """Return what is left of a monthly limit once that much is spent, and whether a run of `vuh` still fits."""
    if spent.vuh is None:
        return f"{limit} VUh, what is left is not known ({spent.reason})"
    left = max(0.0, limit - spent.vuh)
    # Two digits: what other runs use must not change the words while somebody reads them.
    step = 10.0 ** (math.floor(math.log10(limit)) - 1)
    words = f"{limit} VUh, about {round(left / step) * step:g} left"
    return f"{words}, which this run would pass" if vuh is not None and vuh > left else words


def _together(runs: Sequence[TestRun], starts: Sequence[Start]) -> Spent:
    """Add up runs and starts, each run once: what is not listed any more counts by its record."""
    records = _records_of(runs, starts)
    listed = {start.id for start in records.values()}
    costs = [(f"run {run.id} has no cost yet", _cost_of(run, records.get(run.id))) for run in runs]
    costs += [
        (f"it is not known what a start of load test {start.load_test_id} costs", _cost_of_gone(start))
        for start in starts
        if start.id not in listed
    ]
    unknown = next((reason for reason, cost in costs if cost is None), None)
    return Spent(None, unknown) if unknown else Spent(sum(cost or 0.0 for _, cost in costs))


def _records_of(runs: Sequence[TestRun], starts: Sequence[Start]) -> dict[int, Start]:
    """Return the record of each run: by its number, or of an open start that can have made it."""
    by_run = {start.run_id: start for start in starts}
    known = {run.id: start for run in runs if (start := by_run.get(run.id)) and start.is_of(run)}
    for start in starts:
        if start.is_open and (run := start.run_among(runs, known)):
            known[run.id] = start
    return known


def _cost_of(run: TestRun, start: Start | None) -> float | None:
    """Return what a run costs: the charge once it has ended; before that the most that is known."""
    cost, most = run.cost and run.cost.total_vuh, start and start.most_vuh
    if run.is_final:
        return 0.0 if cost is None and run.status == "aborted" else (most if cost is None else cost)
    return max((known for known in (cost, most) if known is not None), default=None)


def _cost_of_gone(start: Start) -> float | None:
    return start.most_vuh if start.charge is None else start.charge


async def _runs_since(k6: K6Cloud, since: datetime) -> list[TestRun] | None:
    """Return the runs created since then; None for more than can be read."""
    runs: list[TestRun] = []
    pages = 0
    async for page in k6.pages(k6.test_runs.list, created_after=since, top=_PAGE):
        if pages == _MOST_PAGES:
            return None
        pages += 1
        runs += page.value
    return runs


def _midnight(now: datetime | None = None) -> datetime:
    return (now or datetime.now(UTC)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
