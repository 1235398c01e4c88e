"""An organisation of two projects behind the sandbox's API, the requests it gets, and every call of the client."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypedDict

import httpx

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFinished
from k6_cloud.labels import NewLabelKey, NewProjectLabel, PatchLabelKey
from k6_cloud.limits import PatchProjectLimits
from k6_cloud.models import PatchLoadTest, ValidateOptions
from k6_cloud.requests.connection import connect
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud.test_runs import PatchTestRun
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.settings import STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.store import Store

SCRIPT = b"export default function () {}\n"
TOKEN = "a-token-that-never-shows"
_URL = "http://127.0.0.1:6580"
_SCHEDULE = CreateSchedule(starts=datetime.now(UTC) + timedelta(days=1))


@dataclass(frozen=True)
class Ids:
    """The objects of one project."""

    project: int
    test: int
    run: int
    schedule: int


@dataclass(frozen=True)
class Organisation:
    """Two projects with the same things in them, and a client that may touch both."""

    k6: K6Cloud
    http: httpx.AsyncClient
    ours: Ids
    theirs: Ids
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])

    @property
    def calls(self) -> list[str]:
        """The requests so far: method and path."""
        return [f"{request.method} {request.url.path}" for request in self.requests]


@asynccontextmanager
async def open_organisation() -> AsyncGenerator[Organisation, None]:
    """A fresh organisation, whose `requests` begin when it stands. Its runs never start: there is no engine."""
    store = Store(None)
    store.projects.create("Ours", is_default=True)
    store.projects.create("Theirs")
    settings = SandboxSettings(dir=":memory:", max_script_bytes=100_000)
    app = create_app(Backend(store, settings, _URL, wake=lambda: None))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with connect(Credentials(TOKEN, STACK_ID), _URL, transport) as http:
        k6 = K6Cloud(http)
        organisation = Organisation(k6, http, await _fill(k6, 1), await _fill(k6, 2))

        async def note(request: httpx.Request) -> None:
            organisation.requests.append(request)

        http.event_hooks["request"].append(note)
        yield organisation
    store.close()


async def _fill(k6: K6Cloud, project: int) -> Ids:
    await k6.labels.set_of_project(project, [NewProjectLabel(key="team", value=f"team{project}")])
    with script() as source:
        test = await k6.load_tests.create(project, "Checkout", source)
    schedule = await k6.schedules.create(test.id, _SCHEDULE)
    run = await k6.load_tests.start(test.id)
    return Ids(project, test.id, run.id, schedule.id)


def script() -> Script:
    """A script to send."""
    return Script.from_chunks([SCRIPT])


Operation = Callable[[K6Cloud, Ids], Awaitable[Any]]


async def _text(answer: Awaitable[Script]) -> str:
    with await answer as source:
        return source.text()


async def _all(rows: AsyncGenerator[Any, None]) -> list[Any]:
    return [row async for row in rows]


async def _wait(k6: K6Cloud, at: Ids) -> str:
    """Wait a moment for a run that never starts."""
    try:
        return (await k6.test_runs.wait(at.run, timeout=0.1)).status
    except NotFinished as error:
        return error.status


READS: dict[str, Operation] = {
    "load_tests.list": lambda k6, at: k6.load_tests.list(project_id=at.project),
    "load_tests.iterate": lambda k6, at: _all(k6.load_tests.iterate(project_id=at.project)),
    "load_tests.find": lambda k6, at: k6.load_tests.find("Checkout", at.project),
    "load_tests.iterate_runs": lambda k6, at: _all(k6.load_tests.iterate_runs(at.test)),
    "test_runs.wait": _wait,
    "metrics.iterate": lambda k6, at: _all(k6.metrics.iterate(at.run)),
    "load_zones.iterate_of_project": lambda k6, at: _all(k6.load_zones.iterate_of_project(at.project)),
    "labels.iterate_of_project": lambda k6, at: _all(k6.labels.iterate_of_project(at.project)),
    "load_tests.get": lambda k6, at: k6.load_tests.get(at.test),
    "load_tests.download_script": lambda k6, at: _text(k6.load_tests.download_script(at.test)),
    "load_tests.list_runs": lambda k6, at: k6.load_tests.list_runs(at.test),
    "test_runs.get": lambda k6, at: k6.test_runs.get(at.run),
    "test_runs.distribution": lambda k6, at: k6.test_runs.distribution(at.run),
    "test_runs.download_script": lambda k6, at: _text(k6.test_runs.download_script(at.run)),
    "metrics.list": lambda k6, at: k6.metrics.list(at.run),
    "metrics.of_load_test": lambda k6, at: k6.metrics.of_load_test(at.test, test_run_count=2),
    "metrics.series": lambda k6, at: k6.metrics.series(at.run, ["http_reqs"]),
    "metrics.labels": lambda k6, at: k6.metrics.labels(at.run),
    "metrics.label_values": lambda k6, at: k6.metrics.label_values(at.run, "a/b"),
    "metrics.query_range": lambda k6, at: k6.metrics.query_range(at.run, "rate", "http_reqs"),
    "metrics.query_aggregate": lambda k6, at: k6.metrics.query_aggregate(at.run, "rate", 'a{b="/?#"}'),
    "metrics.query_aggregate_of_load_test": lambda k6, at: k6.metrics.query_aggregate_of_load_test(
        at.test, "rate", "http_reqs", test_run_ids=[at.run]
    ),
    "schedules.get": lambda k6, at: k6.schedules.get(at.schedule),
    "schedules.of_load_test": lambda k6, at: k6.schedules.of_load_test(at.test),
    "projects.get": lambda k6, at: k6.projects.get(at.project),
    "limits.get": lambda k6, at: k6.limits.get(at.project),
    "load_zones.of_project": lambda k6, at: k6.load_zones.of_project(at.project),
    "labels.of_project": lambda k6, at: k6.labels.of_project(at.project),
    "validate_options": lambda k6, at: k6.validate_options(
        ValidateOptions(options={"vus": 1, "duration": "1m"}, project_id=at.project)
    ),
}


async def _create(k6: K6Cloud, at: Ids) -> object:
    with script() as source:
        return await k6.load_tests.create(at.project, "New", source, 3)


async def _upload(k6: K6Cloud, at: Ids) -> None:
    with script() as source:
        await k6.load_tests.upload_script(at.test, source)


WRITES: dict[str, Operation] = {
    "load_tests.create": _create,
    "load_tests.update": lambda k6, at: k6.load_tests.update(at.test, PatchLoadTest(name="Other")),
    "load_tests.delete": lambda k6, at: k6.load_tests.delete(at.test),
    "load_tests.move": lambda k6, at: k6.load_tests.move(at.test, at.project),
    "load_tests.upload_script": _upload,
    "load_tests.start": lambda k6, at: k6.load_tests.start(at.test, "11111111-1111-4111-8111-111111111111"),
    "test_runs.update": lambda k6, at: k6.test_runs.update(at.run, PatchTestRun(note="Noted")),
    "test_runs.delete": lambda k6, at: k6.test_runs.delete(at.run),
    "test_runs.abort": lambda k6, at: k6.test_runs.abort(at.run),
    "test_runs.star": lambda k6, at: k6.test_runs.star(at.run),
    "test_runs.unstar": lambda k6, at: k6.test_runs.unstar(at.run),
    "schedules.create": lambda k6, at: k6.schedules.create(at.test, _SCHEDULE),
    "schedules.delete": lambda k6, at: k6.schedules.delete(at.schedule),
    "schedules.activate": lambda k6, at: k6.schedules.activate(at.schedule),
    "schedules.deactivate": lambda k6, at: k6.schedules.deactivate(at.schedule),
    "projects.update": lambda k6, at: k6.projects.update(at.project, "Renamed"),
    "projects.delete": lambda k6, at: k6.projects.delete(at.project),
    "limits.update": lambda k6, at: k6.limits.update(at.project, PatchProjectLimits(vu_max_per_test=5)),
    "load_zones.set_of_project": lambda k6, at: k6.load_zones.set_of_project(at.project, []),
    "labels.set_of_project": lambda k6, at: k6.labels.set_of_project(at.project, []),
    "labels.delete_of_project": lambda k6, at: k6.labels.delete_of_project(at.project, "team"),
}


class Page(TypedDict, total=False):
    """Which page of a list."""

    top: int
    skip: int
    count: bool


Listing = Callable[[K6Cloud, Page], Awaitable[Any]]

# Calls that name no project. The lists among them show rows of every project.
LISTS: dict[str, Listing] = {
    "load_tests.list": lambda k6, page: k6.load_tests.list(order_by="id desc", **page),
    "test_runs.list": lambda k6, page: k6.test_runs.list(**page),
    "schedules.list": lambda k6, page: k6.schedules.list(**page),
    "projects.list": lambda k6, page: k6.projects.list(order_by="name desc", **page),
    "limits.list": lambda k6, page: k6.limits.list(**page),
}
# The same lists, item by item.
ITERATIONS: dict[str, Callable[[K6Cloud], AsyncGenerator[Any, None]]] = {
    "load_tests.iterate": lambda k6: k6.load_tests.iterate(order_by="id desc", ahead=2),
    "test_runs.iterate": lambda k6: k6.test_runs.iterate(),
    "schedules.iterate": lambda k6: k6.schedules.iterate(),
    "projects.iterate": lambda k6: k6.projects.iterate(order_by="name desc"),
    "limits.iterate": lambda k6: k6.limits.iterate(),
}
# Look-ups by name, or of names, over all projects.
LOOK_UPS: dict[str, Callable[[K6Cloud], Awaitable[Any]]] = {
    "load_tests.find": lambda k6: k6.load_tests.find("Checkout"),
    "projects.find": lambda k6: k6.projects.find("Theirs"),
    "projects.names": lambda k6: k6.projects.names([1, 2]),
}
WHOLE_READS: dict[str, Operation] = {
    "authenticate": lambda k6, _: k6.authenticate("https://acme.grafana.net"),
    "labels.list": lambda k6, _: k6.labels.list(),
    "load_zones.list": lambda k6, _: k6.load_zones.list(),
    "labels.iterate": lambda k6, _: _all(k6.labels.iterate()),
    "load_zones.iterate": lambda k6, _: _all(k6.load_zones.iterate()),
}
WHOLE_WRITES: dict[str, Operation] = {
    "projects.create": lambda k6, _: k6.projects.create("New"),
    "labels.create": lambda k6, _: k6.labels.create([NewLabelKey(key="new")]),
    "labels.update": lambda k6, _: k6.labels.update(1, PatchLabelKey(key="other")),
    "labels.delete": lambda k6, _: k6.labels.delete(1),
    "load_zones.set_projects": lambda k6, at: k6.load_zones.set_projects(1, [at.project]),
}
ZONE_READS: dict[str, Operation] = {
    "load_zones.projects": lambda k6, _: k6.load_zones.projects(1),
    "load_zones.iterate_projects": lambda k6, _: _all(k6.load_zones.iterate_projects(1)),
}


def methods_of(k6: K6Cloud) -> set[str]:
    """Every method of the client that sends something, like `load_tests.get`."""
    groups: dict[str, object] = {
        name: getattr(k6, name) for name, value in vars(K6Cloud).items() if isinstance(value, cached_property)
    }
    return set(_sending(K6Cloud)) | {
        f"{name}.{method}" for name, group in groups.items() for method in _sending(type(group))
    }


def _sending(kind: type) -> list[str]:
    return [
        name
        for owner in kind.__mro__
        for name, value in vars(owner).items()
        if name[0] != "_" and (inspect.iscoroutinefunction(value) or name.startswith("iterate"))
    ]
