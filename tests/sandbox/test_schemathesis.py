"""Requests made up from Grafana's own schema: each answer is one that the schema documents."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k6_cloud.labels import NewLabelKey, NewProjectLabel
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
hypothesis = pytest.importorskip("hypothesis", reason="schemathesis is not installed")
SCHEMA = Path(__file__).parents[3] / "shared" / "openapi" / "grafana-cloud-k6-v6-1.12.0.yaml"
pytestmark = pytest.mark.skipif(not SCHEMA.exists(), reason=f"Grafana's schema is not at {SCHEMA}")

# Answers of the real service that its schema leaves out.
UNDOCUMENTED = frozenset({405, 406, 413, 415})
HEADERS = {"Authorization": "Bearer any", "X-Stack-Id": "1", "X-Stack-Url": "https://k6.grafana.net"}


def schema() -> Any:
    return schemathesis.openapi.from_path(SCHEMA).include(path_regex="^/cloud/v6/")


OPERATIONS: dict[str, Any] = (
    {found.ok().label: found.ok() for found in schema().get_all_operations()} if SCHEMA.exists() else {}
)


@pytest.fixture
def app() -> Generator[Any, None, None]:
    """The API over a store with some of everything, and neither engine nor k6: no run ever begins."""
    store = Store(None)
    populate(store)
    settings = SandboxSettings(dir=":memory:", k6_path="/nowhere/k6", max_script_bytes=10_000)
    yield create_app(Backend(store, settings, "http://127.0.0.1", wake=lambda: None), hosts=("*",))
    store.close()


def populate(store: Store) -> None:
    """Numbers 1 to 3 of projects, tests, runs, schedules and label keys; run 3 waits, the others ended."""
    for number in (1, 2, 3):
        store.projects.create(f"project {number}", is_default=number == 1)
        with Script.from_chunks([b"export default function () {}"]) as script:
            test = store.load_tests.create(1, f"test {number}", script)
        store.schedules.set(test.id, CreateSchedule(starts=datetime.now(UTC) + timedelta(days=number)))
        store.runs.start(test.id)
    store.labels.create_keys([NewLabelKey(key=f"key{number}") for number in (1, 2, 3)])
    store.labels.set_of_project(2, [NewProjectLabel(key_id=1, value="a")])
    store.load_zones.set_of_project(1, [22])
    for ending in (Ending("aborted", "error"), Ending("completed", "passed")):
        run_id = store.queue.claim("engine", 9) or 0
        store.queue.enter(run_id, "engine", "running")
        store.queue.end(run_id, "engine", ending)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_a_documented_one(app: Any, label: str, mode: Any):
    @hypothesis.settings(
        max_examples=10,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[*hypothesis.HealthCheck],
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def calls(case: Any) -> None:
        parameters: dict[str, Any] = case.path_parameters or {}
        case.path_parameters = {name: near(label, value) for name, value in parameters.items()}
        response = case.call(app=app, headers=HEADERS)
        check(case, response)

    calls()


def near(label: str, value: object) -> object:
    """Ids that exist, more often than not; of load zones the private one."""
    if not isinstance(value, int):
        return value
    return 22 if "/load_zones/{id}" in label and value % 2 else value % 4


def check(case: Any, response: Any) -> None:
    checks = schemathesis.checks
    wanted = [checks.not_a_server_error]
    if response.status_code not in UNDOCUMENTED:
        wanted += [
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ]
    case.validate_response(response, checks=wanted)
