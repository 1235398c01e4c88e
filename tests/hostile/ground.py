"""What hostile clients act on: for each call a load test of its own, and what the sandbox's own tables say of it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.errors import NotFound
from k6_cloud_sandbox.settings import STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store

_URL = "http://127.0.0.1:6580"
OLD = "export const options = { vus: 2, duration: '1s' };\nexport default function () {}\n"
NEW = OLD.replace("1s", "2s")
State = dict[str, Any]
Pause = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Target:
    """A load test in the default project with one run of yesterday, and a project it could move to."""

    test: int
    run: int
    elsewhere: int


@dataclass(frozen=True)
class Act:
    """A guarded operation: its arguments for a target, and the one thing it changes, as [before, after]."""

    arguments: Callable[[Target], dict[str, Any]]
    changes: dict[str, tuple[Any, Any]]


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()


_GONE = {
    "test": (True, False),
    "project": (1, None),
    "script": (OLD, None),
    "run": (True, False),
    "runs": (1, 0),
}
ACTS = {
    "start_load_test": Act(lambda at: {"load_test_id": at.test}, {"runs": (1, 2)}),
    "delete_load_test": Act(lambda at: {"load_test_id": at.test}, _GONE),
    "move_load_test": Act(
        lambda at: {"load_test_id": at.test, "project_id": at.elsewhere}, {"project": (1, 2)}
    ),
    "upload_load_test_script": Act(
        lambda at: {"load_test_id": at.test, "script": NEW}, {"script": (OLD, NEW)}
    ),
    "delete_test_run": Act(lambda at: {"test_run_id": at.run}, {"run": (True, False), "runs": (1, 0)}),
    "create_load_test_schedule": Act(
        lambda at: {"load_test_id": at.test, "starts": _tomorrow()}, {"scheduled": (False, True)}
    ),
}


@dataclass(frozen=True)
class Ground:
    """A sandbox's store with two projects. `sent` are the requests that could change something, where they are seen."""

    store: Store
    app: FastAPI
    sent: list[str] = field(default_factory=list[str])
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def target(self) -> Target:
        """A fresh target."""
        with Script.from_chunks([OLD.encode()]) as script:
            test = self.store.load_tests.create(1, f"Checkout {next(self._numbers)}", script)
        run = self.store.runs.start(test.id)
        while self.store.queue.claim("nobody", 10_000) != run.id:
            pass
        self.store.queue.end(run.id, "nobody", Ending("completed", "passed"))
        with self.store.database.write() as connection:
            yesterday = moment(datetime.now(UTC) - timedelta(days=1))
            connection.execute("UPDATE test_runs SET created = ? WHERE id = ?", [yesterday, run.id])
        return Target(test.id, run.id, 2)

    def state(self, target: Target) -> State:
        """All that the operations could change."""
        test = found(lambda: self.store.load_tests.get(target.test))
        return {
            "test": test is not None,
            "project": test and test.project_id,
            "script": found(lambda: self._script(target.test)),
            "run": found(lambda: self.store.runs.get(target.run)) is not None,
            "runs": found(lambda: self.store.runs.list(Slice(), target.test).total) or 0,
            "scheduled": found(lambda: self.store.schedules.of_test(target.test)) is not None,
        }

    def _script(self, test_id: int) -> str:
        with self.store.load_tests.script(test_id) as script:
            return script.text()


def changed(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """What is different, as [before, after]."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def found(look: Callable[[], Any]) -> Any:
    """What `look` finds; None where there is nothing."""
    try:
        return look()
    except NotFound:
        return None


@contextmanager
def open_ground(path: Path | None = None) -> Generator[Ground, None, None]:
    """A store with two projects, in memory or in the file of a sandbox that may run at the same time."""
    store = Store(path)
    store.projects.create("Default project", is_default=True)
    store.projects.create("Elsewhere")
    try:
        yield Ground(store, _api(store))
    finally:
        store.close()


def _api(store: Store) -> FastAPI:
    """The API over a store. No run ever begins: there is no engine."""
    settings = SandboxSettings(dir=":memory:", max_script_bytes=100_000)
    return create_app(Backend(store, settings, _URL, wake=lambda: None))


async def _no_pause() -> None:
    pass


def is_write(request: httpx.Request) -> bool:
    """Whether a request could change something."""
    return request.method != "GET" and "validate" not in request.url.path


@asynccontextmanager
async def calling(
    ground: Ground, before: Pause = _no_pause, after: Pause = _no_pause
) -> AsyncGenerator[K6Cloud, None]:
    """A client of the API over this ground, whose writes are noted. They wait for `before`, their answers for `after`."""
    transport = httpx.ASGITransport(ground.app, raise_app_exceptions=False)

    async def note(request: httpx.Request) -> None:
        if is_write(request):
            ground.sent.append(f"{request.method} {request.url.path}")
            await before()

    async def hold_back(response: httpx.Response) -> None:
        if is_write(response.request):
            await after()

    async with connect(Credentials("hostile", STACK_ID), _URL, transport) as http:
        http.event_hooks["request"].append(note)
        http.event_hooks["response"].append(hold_back)
        yield K6Cloud(http)
