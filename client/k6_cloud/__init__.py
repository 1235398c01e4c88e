"""Typed async client of the Grafana Cloud k6 REST API v6. It knows HTTP and k6, and nothing of MCP.

`from k6_cloud import K6Cloud`, then `async with K6Cloud.from_env() as k6`. The names below are the public surface;
each is imported when it is first used, so that a program pays only for the parts it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k6_cloud.auth import Credentials
    from k6_cloud.client import K6Cloud
    from k6_cloud.errors import (
        ApiError,
        BadAnswer,
        BadRequest,
        ConfigurationError,
        Conflict,
        ErrorDetail,
        Forbidden,
        InvalidArgument,
        K6CloudError,
        NoAnswer,
        NotAcceptable,
        NotFinished,
        NotFound,
        OutOfScope,
        RateLimited,
        ScriptError,
        ScriptTooLarge,
        ServerFailure,
        StatusError,
        TimedOut,
        Unauthorized,
        UnsupportedMedia,
    )
    from k6_cloud.labels import LabelKey, NewLabelKey, NewProjectLabel, PatchLabelKey, ProjectLabel
    from k6_cloud.limits import PatchProjectLimits, ProjectLimits
    from k6_cloud.load_zones import AllowedProject, LoadZone
    from k6_cloud.metrics import LabelledMetric, Metric, QueryResult, Series
    from k6_cloud.models import (
        Authentication,
        Cost,
        LoadTest,
        Page,
        PatchLoadTest,
        Project,
        StartedTestRun,
        TestRun,
        ValidatedOptions,
        ValidateOptions,
    )
    from k6_cloud.requests.concurrency import side_by_side
    from k6_cloud.requests.connection import DEFAULT_BASE_URL, connect
    from k6_cloud.requests.retries import NO_RETRIES, Retries
    from k6_cloud.schedules import CreateSchedule, Cron, RecurrenceRule, Schedule
    from k6_cloud.scripts.script import Member, Script
    from k6_cloud.test_runs import Distribution, PatchTestRun
    from k6_cloud.wrappers.dry_run import Rehearsed, UnsentRequest

__all__ = [
    "DEFAULT_BASE_URL",
    "NO_RETRIES",
    "AllowedProject",
    "ApiError",
    "Authentication",
    "BadAnswer",
    "BadRequest",
    "ConfigurationError",
    "Conflict",
    "Cost",
    "CreateSchedule",
    "Credentials",
    "Cron",
    "Distribution",
    "ErrorDetail",
    "Forbidden",
    "InvalidArgument",
    "K6Cloud",
    "K6CloudError",
    "LabelKey",
    "LabelledMetric",
    "LoadTest",
    "LoadZone",
    "Member",
    "Metric",
    "NewLabelKey",
    "NewProjectLabel",
    "NoAnswer",
    "NotAcceptable",
    "NotFinished",
    "NotFound",
    "OutOfScope",
    "Page",
    "PatchLabelKey",
    "PatchLoadTest",
    "PatchProjectLimits",
    "PatchTestRun",
    "Project",
    "ProjectLabel",
    "ProjectLimits",
    "QueryResult",
    "RateLimited",
    "RecurrenceRule",
    "Rehearsed",
    "Retries",
    "Schedule",
    "Script",
    "ScriptError",
    "ScriptTooLarge",
    "Series",
    "ServerFailure",
    "StartedTestRun",
    "StatusError",
    "TestRun",
    "TimedOut",
    "Unauthorized",
    "UnsentRequest",
    "UnsupportedMedia",
    "ValidateOptions",
    "ValidatedOptions",
    "connect",
    "side_by_side",
]

_MODULES = {
    "auth": "Credentials",
    "client": "K6Cloud",
    "requests.connection": "DEFAULT_BASE_URL connect",
    "errors": "ApiError BadAnswer BadRequest ConfigurationError Conflict ErrorDetail Forbidden InvalidArgument K6CloudError NoAnswer NotAcceptable NotFinished NotFound OutOfScope RateLimited ScriptError ScriptTooLarge ServerFailure StatusError TimedOut Unauthorized UnsupportedMedia",
    "labels": "LabelKey NewLabelKey NewProjectLabel PatchLabelKey ProjectLabel",
    "limits": "PatchProjectLimits ProjectLimits",
    "load_zones": "AllowedProject LoadZone",
    "metrics": "LabelledMetric Metric QueryResult Series",
    "models": "Authentication Cost LoadTest Page PatchLoadTest Project StartedTestRun TestRun ValidatedOptions ValidateOptions",
    "requests.concurrency": "side_by_side",
    "requests.retries": "NO_RETRIES Retries",
    "schedules": "CreateSchedule Cron RecurrenceRule Schedule",
    "scripts.script": "Member Script",
    "test_runs": "Distribution PatchTestRun",
    "wrappers.dry_run": "Rehearsed UnsentRequest",
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module 'k6_cloud' has no attribute {name!r}")
    value = getattr(import_module(f"k6_cloud.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
