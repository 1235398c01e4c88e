"""The cost of runs so far, added up from the runs themselves, so that it holds across restarts and replicas."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun

_PAGE = 1000
_MOST_PAGES = 20


@dataclass(frozen=True)
class Spent:
    """VUh: charges of runs that ended, and estimates of those that have not; None with the reason if unknown."""

    vuh: float | None
    reason: str = ""


async def spent_today(k6: K6Cloud) -> Spent:
    """Add up the cost of the runs that `k6` may see and that were created today (UTC). Raises K6CloudError."""
    return await _spent_since(k6, _midnight())


async def spent_this_month(k6: K6Cloud, project_id: int) -> Spent:
    """Add up the cost of a project's runs of this calendar month (UTC). Raises K6CloudError."""
    return await _spent_since(k6, _midnight().replace(day=1), project_id)


def sum_of(runs: Iterable[TestRun]) -> Spent:
    """Add up the cost of runs. One without a cost yet makes it unknown; one that never began is free."""
    total = 0.0
    for run in runs:
        if run.cost is not None:
            total += run.cost.total_vuh
        elif run.status != "aborted":
            return Spent(None, f"run {run.id} has no cost yet")
    return Spent(total)


def left_of(limit: int, spent: Spent, vuh: float | None) -> str:
    """Describe what is left of a monthly limit once that much is spent, and whether a run of `vuh` still fits."""
    if spent.vuh is None:
        return f"{limit} VUh, what is left is not known ({spent.reason})"
    left = max(0.0, limit - spent.vuh)
    # Two digits: what other runs use must not change the words while somebody reads them.
    step = 10.0 ** (math.floor(math.log10(limit)) - 1)
    words = f"{limit} VUh, about {round(left / step) * step:g} left"
    return f"{words}, which this run would pass" if vuh is not None and vuh > left else words


async def _spent_since(k6: K6Cloud, since: datetime, project_id: int | None = None) -> Spent:
    runs: list[TestRun] = []
    pages = 0
    async for page in k6.pages(k6.test_runs.list, created_after=since, top=_PAGE):
        if pages == _MOST_PAGES:
            return Spent(None, f"there are more than {_PAGE * _MOST_PAGES} runs")
        pages += 1
        runs += [run for run in page.value if project_id in (None, run.project_id)]
    return sum_of(runs)


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
