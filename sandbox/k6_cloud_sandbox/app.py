"""The sandbox's web applications: the API with the run pages, the run pages alone, and the demo target."""

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from k6_cloud.errors import ErrorResponse
from k6_cloud.models import TestRun
from k6_cloud.scripts.script import MIB
from k6_cloud_sandbox import demo_target
from k6_cloud_sandbox.api import (
    labels,
    limits,
    load_tests,
    load_zones,
    metrics,
    options,
    projects,
    provisioning,
    schedules,
    test_runs,
)
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.api.bodies import BodyLimit
from k6_cloud_sandbox.api.error_handlers import handle_failures
from k6_cloud_sandbox.errors import NotFound
from k6_cloud_sandbox.pages.router import create_router
from k6_cloud_sandbox.pages.view import RunView
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PREFIX = "/cloud/v6"
# The version before is the only one that has metrics.
_METRICS_PREFIX = "/cloud/v5"
_PROVISIONING_PREFIX = "/provisioning/v1"
_FAILURES: dict[int | str, dict[str, Any]] = {
    "default": {"model": ErrorResponse, "description": "Any failure."}
}
_ROUTERS = (
    projects.auth,
    projects.router,
    limits.router,
    labels.router,
    load_zones.router,
    load_tests.router,
    schedules.router,
    options.router,
    test_runs.router,
)
_RECENT = Slice(top=50, order=[("created", True)])


def create_app(backend: Backend, hosts: tuple[str, ...] = LOOPBACK) -> FastAPI:
    """The API together with the run pages; `hosts` are the host names it answers to."""
    app = _application(hosts)
    app.state.backend = backend
    app.add_middleware(BodyLimit, most=backend.settings.max_script_bytes + MIB)
    for router in _ROUTERS:
        app.include_router(router, prefix=_PREFIX, responses=_FAILURES)
    app.include_router(metrics.router, prefix=_METRICS_PREFIX, responses=_FAILURES)
    app.include_router(provisioning.router, prefix=_PROVISIONING_PREFIX)
    _add_site(app, backend.store, backend.demo_url)
    return app


def create_site(store: Store, demo_url: str) -> FastAPI:
    """The run pages alone, for a listener that only browsers need."""
    app = _application(LOOPBACK)
    _add_site(app, store, demo_url)
    return app


def create_demo() -> FastAPI:
    """The demo target alone, for a listener that running tests can reach."""
    app = _application(LOOPBACK)
    app.include_router(demo_target.router)
    return app


def _application(hosts: tuple[str, ...]) -> FastAPI:
    """An empty application. Host names are checked, so that no web page can reach it by DNS rebinding."""
    app = FastAPI(title="k6 Cloud sandbox", version=_version(), redirect_slashes=False)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    handle_failures(app)
    return app


def _add_site(app: FastAPI, store: Store, demo_url: str) -> None:
    def load(run_id: int) -> RunView | None:
        try:
            view = _view(store, store.runs.get(run_id))
        except (NotFound, OverflowError):
            return None
        measured = store.queue.measured(run_id)
        return replace(view, **vars(measured)) if measured else view

    def recent() -> list[RunView]:
        return [_view(store, run) for run in store.runs.list(_RECENT).items]

    app.include_router(create_router(load, recent))
    app.include_router(demo_target.create_moved(demo_url))


def _view(store: Store, run: TestRun) -> RunView:
    return RunView(run, store.load_tests.get(run.test_id).name, thresholds=[], checks=[], report=None)


def _version() -> str:
    try:
        return version("k6-cloud-mcp")
    except PackageNotFoundError:
        return "0"
