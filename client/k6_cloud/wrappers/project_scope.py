"""A client limited to some projects: each request is checked, or its answer reduced, so that no other is reached.

A request is judged by the owners that its method declares (`requests.owners`); one that declares none is refused.
The project of a test, a run or a schedule is read anew for each request: it may have been moved.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from k6_cloud.errors import OutOfScope
from k6_cloud.models import Response
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api, Owners
from k6_cloud.requests.concurrency import side_by_side
from k6_cloud.requests.owners import (
    OfAnswer,
    OfDefaultProject,
    OfLoadTest,
    OfProject,
    OfRows,
    OfSchedule,
    OfTestRun,
    Owner,
)
from k6_cloud.scripts.script import Script
from k6_cloud.wrappers.scoped_lists import reduced


def limited(api: Api, projects: frozenset[int]) -> Api:
    """Limit an api to some projects, once: one that is limited already is limited to the common projects."""
    if isinstance(api, ScopedApi):
        return replace(api, projects=api.projects & projects)
    return ScopedApi(api, projects)


class _Owned(Response):
    """The project of a test or a run."""

    project_id: int


class _Planned(Response):
    """The test of a schedule."""

    load_test_id: int


@dataclass(frozen=True)
class ScopedApi(Api):
    """Passes on to `inner` only requests within `projects`. Raises OutOfScope for any other."""

    inner: Api
    projects: frozenset[int]

    def over(self, wrap: Callable[[Api], Api]) -> Api:
        """Limit also requests that pass through `wrap`."""
        return replace(self, inner=self.inner.over(wrap))

    async def send(
        self, method: str, path: str, *, owners: Owners = (), repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send a request within the projects; a list loses the rows of others."""
        await self._check(owners, f"{method} {path.partition('?')[0]}")
        send = partial(self.inner.send, method, path, owners=owners, repeatable=repeatable, **request)
        for owner in owners:
            if isinstance(owner, OfRows):
                return await reduced(self.inner, owner, self.projects, path, request.get("params"))
            if isinstance(owner, OfAnswer):
                return self._judged(await send(), owner)
        return await send()

    async def delete(self, path: str, *, owners: Owners = ()) -> None:
        """Delete an object within the projects."""
        await self._check(owners, f"DELETE {path}")
        await self.inner.delete(path, owners=owners)

    async def download(self, path: str, accept: str, limit: int, *, owners: Owners = ()) -> Script:
        """Read the script of a test or a run within the projects."""
        await self._check(owners, f"GET {path}")
        return await self.inner.download(path, accept, limit, owners=owners)

    async def _check(self, owners: Sequence[Owner], call: str) -> None:
        """Raise OutOfScope unless all owners are within the projects. What is known is judged before anything is read."""
        if not owners:
            raise _refusal(f"{call} declares no project, so it is")
        for owner in owners:
            self._check_known(owner)
        await side_by_side([partial(self._look_up, owner) for owner in _to_look_up(owners)])

    def _check_known(self, owner: Owner) -> None:
        if isinstance(owner, OfDefaultProject):
            raise OutOfScope(
                "Not priced: the options name no project, so the default one would count, and this client is limited "
                "to some projects. Give project_id."
            )
        if isinstance(owner, OfProject):
            self._require(owner.id, f"Project {owner.id}")

    async def _look_up(self, owner: OfLoadTest | OfTestRun | OfSchedule) -> None:
        """Raise OutOfScope, or NotFound, for the object."""
        if isinstance(owner, OfSchedule):
            planned = await self.inner.get(_Planned, f"/cloud/v6/schedules/{owner.id}")
            path, name = f"/cloud/v6/load_tests/{planned.load_test_id}", f"Schedule {owner.id}"
        elif isinstance(owner, OfLoadTest):
            path, name = f"/cloud/v6/load_tests/{owner.id}", f"Load test {owner.id}"
        else:
            path, name = f"/cloud/v6/test_runs/{owner.id}", f"Test run {owner.id}"
        self._require((await self.inner.get(_Owned, path)).project_id, name)

    def _judged(self, response: httpx.Response, owner: OfAnswer) -> httpx.Response:
        self._require(parse(_Owned, response).project_id, owner.name)
        return response

    def _require(self, project: object, name: str) -> None:
        # Compared as text: in a script's options, an id may be text as well.
        if str(project) not in map(str, self.projects):
            raise _refusal(f"{name} is")


def _to_look_up(owners: Iterable[Owner]) -> Iterable[OfLoadTest | OfTestRun | OfSchedule]:
    return [owner for owner in owners if isinstance(owner, OfLoadTest | OfTestRun | OfSchedule)]


def _refusal(subject: str) -> OutOfScope:
    return OutOfScope(
        f"{subject} outside the projects that this client is limited to. Nothing was read or changed."
    )
