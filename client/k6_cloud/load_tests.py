"""Operations on load tests and their scripts."""

import uuid
from datetime import datetime

from k6_cloud.api import Api, body, parse
from k6_cloud.models import LoadTest, MoveLoadTest, Page, PatchLoadTest, StartedTestRun, TestRun
from k6_cloud.scripts.script import ANY_SCRIPT, Script
from k6_cloud.test_runs import created_between

_PATH = "/cloud/v6/load_tests"


class LoadTests:
    """`/cloud/v6/load_tests` and what hangs below it."""

    def __init__(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self._max_script_bytes = max_script_bytes

    async def list(
        self,
        *,
        project_id: int | None = None,
        name: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        order_by: str | None = None,
        count: bool | None = None,
    ) -> Page[LoadTest]:
        """One page of tests, of one project or of all (`load_tests_list`, `projects_load_tests_retrieve`).

        `name` matches exactly. `order_by` is like `created desc,id`; without it the oldest come first.
        """
        path = _PATH if project_id is None else f"/cloud/v6/projects/{project_id}/load_tests"
        params = {"name": name, "$top": top, "$skip": skip, "$orderby": order_by, "$count": count}
        return await self._api.get(Page[LoadTest], path, params)

    async def get(self, load_test_id: int) -> LoadTest:
        """One test (`load_tests_retrieve`)."""
        return await self._api.get(LoadTest, f"{_PATH}/{load_test_id}")

    async def create(
        self, project_id: int, name: str, script: Script | None = None, k6_version: int | None = None
    ) -> LoadTest:
        """A new test (`projects_load_tests_create`). Never retried: a lost answer may have created it."""
        # Every part is a file part, so that a test without a script is still sent as multipart.
        parts: dict[str, tuple[str | None, object]] = {"name": (None, name)}
        if k6_version is not None:
            parts["k6_version"] = (None, str(k6_version))
        if script is not None:
            parts["script"] = ("script", script.file())
        path = f"/cloud/v6/projects/{project_id}/load_tests"
        return parse(LoadTest, await self._api.send("POST", path, files=parts))

    async def update(self, load_test_id: int, patch: PatchLoadTest) -> None:
        """Set the given fields (`load_tests_partial_update`). The API answers with nothing: read it back."""
        await self._api.send("PATCH", f"{_PATH}/{load_test_id}", json=body(patch))

    async def delete(self, load_test_id: int) -> None:
        """Delete a test with its runs and schedule (`load_tests_destroy`). Raises Conflict while it runs."""
        await self._api.delete(f"{_PATH}/{load_test_id}")

    async def move(self, load_test_id: int, project_id: int) -> None:
        """Move a test with its runs and schedule to another project (`load_tests_move`)."""
        request = MoveLoadTest(project_id=project_id)
        await self._api.send("PUT", f"{_PATH}/{load_test_id}/move", json=body(request))

    async def download_script(self, load_test_id: int, accept: str = ANY_SCRIPT) -> Script:
        """The stored script (`load_tests_script_retrieve`). Raises NotFound when the test has none."""
        return await self._api.download(f"{_PATH}/{load_test_id}/script", accept, self._max_script_bytes)

    async def upload_script(self, load_test_id: int, script: Script) -> None:
        """Replace the stored script (`load_tests_script_update`). `updated` does not change by this."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(script.size)}
        await self._api.send("PUT", f"{_PATH}/{load_test_id}/script", content=script.chunks, headers=headers)

    async def start(self, load_test_id: int, idempotency_key: str | None = None) -> StartedTestRun:
        """Start a run (`load_tests_start`).

        One key stands for one start: retries reuse it, so the service answers them with the same run
        (for 10 minutes). A new UUID4 is made where none is given.
        """
        headers = {"K6-Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        path = f"{_PATH}/{load_test_id}/start"
        return parse(StartedTestRun, await self._api.send("POST", path, headers=headers, repeatable=True))

    async def list_runs(
        self,
        load_test_id: int,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        is_starred: bool | None = None,
        top: int | None = None,
        skip: int | None = None,
        order_by: str | None = None,
        count: bool | None = None,
    ) -> Page[TestRun]:
        """One page of a test's runs (`load_tests_test_runs_retrieve`).

        `order_by` takes `created` only. The first date is inclusive, the second is not.
        """
        params = {
            **created_between(created_after, created_before),
            "is_starred": is_starred,
            "$top": top,
            "$skip": skip,
            "$orderby": order_by,
            "$count": count,
        }
        return await self._api.get(Page[TestRun], f"{_PATH}/{load_test_id}/test_runs", params)
