"""Load tests and their scripts."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from functools import partial

from k6_cloud import paging
from k6_cloud.load_test_runs import LoadTestRuns
from k6_cloud.models import LoadTest, MoveLoadTest, Page, PatchLoadTest, StartedTestRun, TestName
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import (
    Ahead,
    Count,
    HeaderText,
    Id,
    Name,
    Top,
    body,
    checked,
    checked_start,
)
from k6_cloud.requests.owners import OfAnswer, OfLoadTest, OfProject, OfRows, OfTestRun, Owner
from k6_cloud.scripts.script import ANY_SCRIPT, Script
from k6_cloud.scripts.source import Source, opened

OPTIONS_DIGEST = "X-K6-Sandbox-Options"
_PATH = "/cloud/v6/load_tests"
_OF_PROJECT = "/cloud/v6/projects/{}/load_tests"
_ROWS = OfRows("project_id", by_project=_OF_PROJECT)


class LoadTests(LoadTestRuns):
    """`/cloud/v6/load_tests`: load tests, their scripts, and the runs of a test."""

    def __init__(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self._max_script_bytes = max_script_bytes

    @checked
    async def list(
        self,
        *,
        project_id: Id | None = None,
        name: Name | None = None,
        top: Top | None = None,
        skip: Count | None = None,
        order_by: Name | None = None,
        count: bool | None = None,
    ) -> Page[LoadTest]:
        """Return one page of load tests, of one project or of all.

        `name` matches exactly. `top` rows from `skip` on: 0 to 1000, by default 1000. `order_by` is like
        `created desc,id` and takes id, project_id, name, created and updated; by default the oldest are first. With
        `count`, the page says how many there are in all. API operations: `load_tests_list`,
        `projects_load_tests_retrieve`. Raises: NotFound (no such project); BadRequest (`order_by`).
        """
        path, owner = (
            (_PATH, _ROWS) if project_id is None else (_OF_PROJECT.format(project_id), OfProject(project_id))
        )
        params = {"name": name, "$top": top, "$skip": skip, "$orderby": order_by, "$count": count}
        return await self._api.get(Page[LoadTest], path, params, owners=(owner,))

    @checked_start
    def iterate(
        self,
        *,
        project_id: Id | None = None,
        name: Name | None = None,
        order_by: Name | None = None,
        skip: Count = 0,
        ahead: Ahead = 1,
    ) -> AsyncGenerator[LoadTest, None]:
        """Iterate over load tests, of one project or of all. Pages of 1000 are fetched as they are reached.

        With `ahead`, up to 8 pages are fetched side by side: for a scan of a whole account. API operations and
        Raises: as for `list`.
        """
        found = partial(self.list, project_id=project_id, name=name, order_by=order_by)
        return paging.items(found, skip, ahead)

    @checked
    async def find(self, name: TestName, project_id: Id | None = None) -> "list[LoadTest]":
        """Return the load tests of exactly this name: one at most in a project, several in an account.

        The API filters, so that no other test is read. API operations and Raises: as for `list`.
        """
        return [test async for test in self.iterate(project_id=project_id, name=name)]

    @checked
    async def get(self, load_test_id: Id) -> LoadTest:
        """Return a load test. API operation: `load_tests_retrieve`. Raises: NotFound."""
        owner = OfAnswer(f"Load test {load_test_id}")
        return await self._api.get(LoadTest, f"{_PATH}/{load_test_id}", owners=(owner,))

    @checked
    async def create(
        self, project_id: Id, name: TestName, script: Source | None = None, k6_version: Count | None = None
    ) -> LoadTest:
        """Create a load test and return it. Never repeated: a lost answer may have created it.

        `name` has 1 to 300 characters and is unique in the project. `script` is a Script, a path, bytes, or the text
        of a script. `k6_version` is the service's identifier of a version. API operation: `projects_load_tests_create`.
        Raises: Conflict (the project has a test of this name); NotFound (no such project); BadRequest; ScriptError;
        ScriptTooLarge (over `max_script_bytes`).
        """
        # Every part is a file part, so that a test without a script is still sent as multipart.
        parts: dict[str, tuple[str | None, object]] = {"name": (None, name)}
        if k6_version is not None:
            parts["k6_version"] = (None, str(k6_version))
        with nullcontext() if script is None else opened(script, self._max_script_bytes) as source:
            if source is not None:
                parts["script"] = ("script", source.file())
            answer = await self._api.send(
                "POST", _OF_PROJECT.format(project_id), files=parts, owners=(OfProject(project_id),)
            )
        return parse(LoadTest, answer)

    @checked
    async def update(self, load_test_id: Id, patch: PatchLoadTest) -> None:
        """Set the given fields of a load test. The API answers with nothing: read the test back.

        API operation: `load_tests_partial_update`. Raises: Conflict (the project has another test of this name); NotFound; BadRequest.
        """
        owners: list[Owner] = [OfLoadTest(load_test_id)]
        if patch.baseline_test_run_id is not None:
            owners.append(OfTestRun(patch.baseline_test_run_id))
        await self._api.act("PATCH", f"{_PATH}/{load_test_id}", json=body(patch), owners=owners)

    @checked
    async def delete(self, load_test_id: Id) -> None:
        """Delete a load test with its script, runs and schedule. It cannot be undone.

        API operation: `load_tests_destroy`. Raises: Conflict (a run of it is under way); NotFound.
        """
        await self._api.delete(f"{_PATH}/{load_test_id}", owners=(OfLoadTest(load_test_id),))

    @checked
    async def move(self, load_test_id: Id, project_id: Id) -> None:
        """Move a load test with its runs and schedule to another project. API operation: `load_tests_move`.

        Raises: Conflict (the other project has a test of this name); NotFound; BadRequest (no such project).
        """
        request = MoveLoadTest(project_id=project_id)
        owners = (OfLoadTest(load_test_id), OfProject(project_id))
        await self._api.act("PUT", f"{_PATH}/{load_test_id}/move", json=body(request), owners=owners)

    @checked
    async def download_script(self, load_test_id: Id, accept: HeaderText = ANY_SCRIPT) -> Script:
        """Return the stored script. Close it, or use it in a `with` block: it may be a temporary file.

        `accept` asks for one kind: `text/javascript` or `application/x-tar`. API operation: `load_tests_script_retrieve`.
        Raises: NotFound (also if the test has no script); NotAcceptable (the script is of the other kind);
        ScriptTooLarge (over `max_script_bytes`).
        """
        path = f"{_PATH}/{load_test_id}/script"
        return await self._api.download(
            path, accept, self._max_script_bytes, owners=(OfLoadTest(load_test_id),)
        )

    @checked
    async def upload_script(self, load_test_id: Id, script: Source) -> None:
        """Replace the stored script. The test's `updated` does not change by this.

        `script` is a Script, a path, bytes, or the text of a script. API operation: `load_tests_script_update`.
        Raises: NotFound; BadRequest (the service cannot read it); ScriptError; ScriptTooLarge (over `max_script_bytes`).
        """
        with opened(script, self._max_script_bytes) as source:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(source.size)}
            await self._api.act(
                "PUT",
                f"{_PATH}/{load_test_id}/script",
                content=source.chunks,
                headers=headers,
                owners=(OfLoadTest(load_test_id),),
            )

    @checked
    async def start(
        self,
        load_test_id: Id,
        idempotency_key: HeaderText | None = None,
        options_digest: HeaderText | None = None,
    ) -> StartedTestRun:
        """Start a run, which sends real traffic and costs VUh, and return it.

        One key stands for one start: for 10 minutes the service answers a repeated key with the same run, and
        retries use it. A new UUID is made if none is given. `options_digest` is for the sandbox alone, which then runs
        nothing unless the script's options have it. API operation: `load_tests_start`.
        Raises: NotFound; Forbidden (the token may not start it).
        """
        answer = await self._api.send(
            "POST",
            f"{_PATH}/{load_test_id}/start",
            headers={"K6-Idempotency-Key": idempotency_key or str(uuid.uuid4())}
            | ({OPTIONS_DIGEST: options_digest} if options_digest else {}),
            repeatable=True,
            owners=(OfLoadTest(load_test_id),),
        )
        return parse(StartedTestRun, answer)
