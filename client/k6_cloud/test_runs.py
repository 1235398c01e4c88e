"""Operations on test runs."""

from datetime import datetime

from k6_cloud.api import Api, body
from k6_cloud.models import Page, Request, Response, TestRun
from k6_cloud.scripts.script import ANY_SCRIPT, Script

_PATH = "/cloud/v6/test_runs"


class PatchTestRun(Request):
    """What of a run can be set."""

    note: str


class Node(Response):
    """One machine that generated load."""

    size: str
    public_ip: str


class ZoneNodes(Response):
    """The share of the load (per cent) of a zone, and its machines."""

    percentage: int
    nodes: list[Node]


class Distribution(Response):
    """Where the load of a run came from, by load zone."""

    distribution: dict[str, ZoneNodes]


class TestRuns:
    """`/cloud/v6/test_runs`."""

    __test__ = False

    def __init__(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self._max_script_bytes = max_script_bytes

    async def list(
        self,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
    ) -> Page[TestRun]:
        """One page of the runs of all tests, oldest first (`test_runs_list`). The first date is inclusive."""
        params = {
            **created_between(created_after, created_before),
            "$top": top,
            "$skip": skip,
            "$count": count,
        }
        return await self._api.get(Page[TestRun], _PATH, params)

    async def get(self, test_run_id: int) -> TestRun:
        """One run (`test_runs_retrieve`)."""
        return await self._api.get(TestRun, f"{_PATH}/{test_run_id}")

    async def update(self, test_run_id: int, patch: PatchTestRun) -> None:
        """Set the note of a run (`test_runs_partial_update`). The API answers with nothing: read it back."""
        await self._api.send("PATCH", f"{_PATH}/{test_run_id}", json=body(patch))

    async def delete(self, test_run_id: int) -> None:
        """Delete a run with its results (`test_runs_destroy`). Raises Conflict while it runs."""
        await self._api.delete(f"{_PATH}/{test_run_id}")

    async def abort(self, test_run_id: int) -> None:
        """Ask for the end of a run (`test_runs_abort`). Raises Conflict when it is not running."""
        await self._api.send("POST", f"{_PATH}/{test_run_id}/abort")

    async def distribution(self, test_run_id: int) -> Distribution:
        """The machines of a run (`test_runs_distribution_retrieve`). Raises NotFound until they are allocated."""
        return await self._api.get(Distribution, f"{_PATH}/{test_run_id}/distribution")

    async def download_script(self, test_run_id: int) -> Script:
        """The script as it was when the run started (`test_runs_script_retrieve`)."""
        path = f"{_PATH}/{test_run_id}/script"
        return await self._api.download(path, ANY_SCRIPT, self._max_script_bytes)

    async def star(self, test_run_id: int) -> None:
        """Mark a run to find it again (`test_runs_star`)."""
        await self._api.send("POST", f"{_PATH}/{test_run_id}/star", repeatable=True)

    async def unstar(self, test_run_id: int) -> None:
        """Take the mark off a run (`test_runs_unstar`)."""
        await self._api.send("POST", f"{_PATH}/{test_run_id}/unstar", repeatable=True)


def created_between(after: datetime | None, before: datetime | None) -> dict[str, str | None]:
    """The parameters that filter runs by when they were created."""
    return {
        "created_after": after.isoformat() if after else None,
        "created_before": before.isoformat() if before else None,
    }
