"""Operations on test runs."""

from k6_cloud.api import Api
from k6_cloud.models import TestRun

_PATH = "/cloud/v6/test_runs"


class TestRuns:
    """`/cloud/v6/test_runs`."""

    __test__ = False

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get(self, test_run_id: int) -> TestRun:
        """One run (`test_runs_retrieve`)."""
        return await self._api.get(TestRun, f"{_PATH}/{test_run_id}")

    async def abort(self, test_run_id: int) -> None:
        """Ask for the end of a run (`test_runs_abort`). Raises Conflict when it is not running."""
        await self._api.send("POST", f"{_PATH}/{test_run_id}/abort")
