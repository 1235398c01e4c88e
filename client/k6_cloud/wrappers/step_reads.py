"""Reads of one step of a task: a test, run, schedule or project is read once, whoever asks for it meanwhile."""

import re
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

from k6_cloud.models import object_of
from k6_cloud.requests.api import Api, Owners
from k6_cloud.scripts.script import Script

_PROJECT = re.compile(r"/cloud/v6/projects/[0-9]+")
_OBJECT = re.compile(r"/cloud/v6/(?:load_tests|test_runs|schedules|projects)/[0-9]+")


@dataclass
class _Read:
    """One object, which whoever comes first reads."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    answer: httpx.Response | None = None


class StepReads:
    """The objects that were read in this step, and the `projects` of those that were read in any step."""

    def __init__(self) -> None:
        self._reads: dict[str, _Read] = {}
        self.projects: set[int] = set()

    def begin(self) -> None:
        """Begin the next step: what was read before no longer counts."""
        self._reads = {}

    def of(self, path: str) -> _Read:
        """The read of an object."""
        return self._reads.setdefault(path, _Read())

    def note_project(self, path: str, answer: httpx.Response) -> None:
        """Note the project of an object that was read: its own id, or the one that it names."""
        try:
            fields = object_of(answer.json()) if answer.is_success else {}
        except ValueError:
            # The call that reads it says what is wrong with it.
            return
        project = fields.get("id" if _PROJECT.fullmatch(path) else "project_id")
        if isinstance(project, int):
            self.projects.add(project)


@dataclass(frozen=True)
class StepApi(Api):
    """Passes requests on to `inner`, but for the reads of objects that this step has read. A write begins a step."""

    inner: Api
    reads: StepReads

    async def send(
        self, method: str, path: str, *, owners: Owners = (), repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send a request, or return what was read."""
        if method != "GET":
            self.reads.begin()
        elif _OBJECT.fullmatch(path):
            return await self._read(path, owners)
        return await self.inner.send(method, path, owners=owners, repeatable=repeatable, **request)

    async def delete(self, path: str, *, owners: Owners = ()) -> None:
        """Delete an object."""
        self.reads.begin()
        await self.inner.delete(path, owners=owners)

    async def download(self, path: str, accept: str, limit: int, *, owners: Owners = ()) -> Script:
        """Read a script."""
        return await self.inner.download(path, accept, limit, owners=owners)

    async def _read(self, path: str, owners: Owners) -> httpx.Response:
        read = self.reads.of(path)
        async with read.lock:
            if read.answer is None:
                read.answer = await self.inner.send("GET", path, owners=owners)
                self.reads.note_project(path, read.answer)
            return read.answer
