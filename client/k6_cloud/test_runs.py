"""Test runs: reading, waiting, ending, marking."""

import math
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from functools import partial
from inspect import isawaitable

import anyio

from k6_cloud import paging
from k6_cloud.errors import NotFinished
from k6_cloud.models import Page, Request, Response, TestRun
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import (
    Ahead,
    Count,
    Id,
    Moment,
    Seconds,
    Top,
    body,
    checked,
    checked_start,
    utc_text,
)
from k6_cloud.requests.owners import OfAnswer, OfRows, OfTestRun
from k6_cloud.scripts.script import ANY_SCRIPT, Script

_PATH = "/cloud/v6/test_runs"


class PatchTestRun(Request):
    """The fields of a run that can be set."""

    note: str


class Node(Response):
    """A machine that generated load."""

    size: str
    public_ip: str


class ZoneNodes(Response):
    """The share of the load (per cent) of a load zone, and its machines."""

    percentage: int
    nodes: list[Node]


class Distribution(Response):
    """The machines that generated the load of a run, by load zone."""

    distribution: dict[str, ZoneNodes]


class TestRuns:
    """`/cloud/v6/test_runs`: reading, waiting for, ending and marking runs."""

    __test__ = False

    def __init__(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self._max_script_bytes = max_script_bytes

    @checked
    async def list(
        self,
        *,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        top: Top | None = None,
        skip: Count | None = None,
        count: bool | None = None,
    ) -> Page[TestRun]:
        """Return one page of the runs of all load tests, the oldest first.

        `created_after` is inclusive, `created_before` exclusive; both need a time zone. `top` rows from `skip` on:
        0 to 1000, by default 1000. With `count`, the page says how many runs there are in all.
        API operation: `test_runs_list`.
        Raises: BadRequest.
        """
        params = {
            **created_between(created_after, created_before),
            "$top": top,
            "$skip": skip,
            "$count": count,
        }
        return await self._api.get(Page[TestRun], _PATH, params, owners=(OfRows("project_id"),))

    @checked_start
    def iterate(
        self,
        *,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        skip: Count = 0,
        ahead: Ahead = 1,
    ) -> AsyncGenerator[TestRun, None]:
        """Iterate over the runs of all load tests, the oldest first. Pages of 1000 are fetched as they are reached.

        With `ahead`, up to 8 pages are fetched side by side. API operation: `test_runs_list`.
        Raises: BadRequest.
        """
        found = partial(self.list, created_after=created_after, created_before=created_before)
        return paging.items(found, skip, ahead)

    @checked
    async def get(self, test_run_id: Id) -> TestRun:
        """Return a run. API operation: `test_runs_retrieve`.
        Raises: NotFound.
        """
        owner = OfAnswer(f"Test run {test_run_id}")
        return await self._api.get(TestRun, f"{_PATH}/{test_run_id}", owners=(owner,))

    @checked
    async def wait(
        self,
        test_run_id: Id,
        *,
        poll: Seconds = 2.0,
        timeout: Seconds | None = None,
        progress: Callable[[TestRun], object] | None = None,
    ) -> TestRun:
        """Read a run every `poll` seconds until it has ended, and return it.

        The run is read at least once. `timeout` is in seconds; without it, only the run's end ends the wait. `progress`
        is called with the run after each read, and may be a coroutine function. API operation: `test_runs_retrieve`.
        Raises: NotFinished (it did not end within `timeout`, and goes on); NotFound.
        """
        run = await self._look(test_run_id, progress)
        with anyio.move_on_after(timeout):
            while not run.is_final:
                await anyio.sleep(poll)
                run = await self._look(test_run_id, progress)
        if not run.is_final:
            raise NotFinished(test_run_id, run.status, timeout or math.inf)
        return run

    async def _look(self, test_run_id: int, progress: Callable[[TestRun], object] | None) -> TestRun:
        run = await self.get(test_run_id)
        if progress is not None and isawaitable(told := progress(run)):
            await told
        return run

    @checked
    async def update(self, test_run_id: Id, patch: PatchTestRun) -> None:
        """Set the note of a run. The API answers with nothing: read the run back.

        API operation: `test_runs_partial_update`.
        Raises: NotFound; BadRequest.
        """
        path = f"{_PATH}/{test_run_id}"
        await self._api.act("PATCH", path, json=body(patch), owners=(OfTestRun(test_run_id),))

    @checked
    async def delete(self, test_run_id: Id) -> None:
        """Delete a run with its results. It cannot be undone. API operation: `test_runs_destroy`.
        Raises: Conflict (it is under way); NotFound.
        """
        await self._api.delete(f"{_PATH}/{test_run_id}", owners=(OfTestRun(test_run_id),))

    @checked
    async def abort(self, test_run_id: Id) -> None:
        """Ask for the end of a run, which takes a moment: `wait` for it. What it used is charged.

        API operation: `test_runs_abort`.
        Raises: Conflict (it is not under way); NotFound.
        """
        await self._api.act("POST", f"{_PATH}/{test_run_id}/abort", owners=(OfTestRun(test_run_id),))

    @checked
    async def distribution(self, test_run_id: Id) -> Distribution:
        """Return the machines of a run, by load zone. API operation: `test_runs_distribution_retrieve`.
        Raises: NotFound (also while no machines are allocated).
        """
        path = f"{_PATH}/{test_run_id}/distribution"
        return await self._api.get(Distribution, path, owners=(OfTestRun(test_run_id),))

    @checked
    async def download_script(self, test_run_id: Id) -> Script:
        """Return the script as it was when the run started. Close it, or use it in a `with` block.

        API operation: `test_runs_script_retrieve`.
        Raises: NotFound; ScriptTooLarge (over `max_script_bytes`).
        """
        path = f"{_PATH}/{test_run_id}/script"
        owners = (OfTestRun(test_run_id),)
        return await self._api.download(path, ANY_SCRIPT, self._max_script_bytes, owners=owners)

    @checked
    async def star(self, test_run_id: Id) -> None:
        """Mark a run with a star, by which lists can be filtered. API operation: `test_runs_star`.
        Raises: NotFound.
        """
        owners = (OfTestRun(test_run_id),)
        await self._api.act("POST", f"{_PATH}/{test_run_id}/star", repeatable=True, owners=owners)

    @checked
    async def unstar(self, test_run_id: Id) -> None:
        """Remove the star of a run. API operation: `test_runs_unstar`.
        Raises: NotFound.
        """
        owners = (OfTestRun(test_run_id),)
        await self._api.act("POST", f"{_PATH}/{test_run_id}/unstar", repeatable=True, owners=owners)


def created_between(after: datetime | None, before: datetime | None) -> dict[str, str | None]:
    """Return the parameters that filter runs by their creation."""
    return {"created_after": utc_text(after), "created_before": utc_text(before)}
