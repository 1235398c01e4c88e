"""Test runs between rows and models: nested values are JSON text in their column."""

import json
import sqlite3
from typing import Any

from pydantic import BaseModel, TypeAdapter

from k6_cloud.models import Status, StatusExtra, TestRun
from k6_cloud_sandbox.store.clock import now

RUN_COLUMNS = (
    "id, test_id, created, ended, note, started_by, status, status_history, result, result_details, options,"
    " cost, distribution, k6_versions, max_vus, max_browser_vus, estimated_duration, execution_duration,"
    " is_starred, retention_expiry, (SELECT project_id FROM load_tests WHERE id = test_id) AS project_id"
)
_NESTED = ("status_history", "result_details", "options", "cost", "distribution", "k6_versions")
_HISTORY = TypeAdapter(list[Status])


def run_from(row: sqlite3.Row) -> TestRun:
    """The run in a row of RUN_COLUMNS. Every field is set, because the API always sends every key."""
    values: dict[str, Any] = dict(row)
    for column in _NESTED:
        values[column] = json.loads(values[column] or "null")
    values["status_details"] = values["status_history"][-1]
    return TestRun.model_validate({**values, "k6_dependencies": {}})


def column(value: object) -> object:
    """A value as its column holds it."""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return json.dumps(value, default=_plain) if isinstance(value, dict | list) else value


def history(earlier: str, status: str, extra: StatusExtra | None = None) -> str:
    """The column `status_history` with one more entry, entered now."""
    entry = Status.model_validate({"type": status, "entered": now(), "extra": extra})
    return _HISTORY.dump_json([*_HISTORY.validate_json(earlier), entry]).decode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no column form")
