"""Results of tools: the fields a model needs, and none of the rest."""

import math
from datetime import UTC, datetime
from typing import Annotated, Generic, Self, TypeVar

from pydantic import BaseModel, Field, PlainSerializer

from k6_cloud.models import Json, LoadTest, Project, ScriptKind, TestRun
from k6_cloud.redaction import redact_options

Row = TypeVar("Row")
_OUTPUT_OPTIONS = frozenset({"summaryTrendStats", "systemTags"})


def _to_the_second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Moment = Annotated[datetime, PlainSerializer(_to_the_second, return_type=str)]


class Rows(BaseModel, Generic[Row]):
    """A page of rows. `next_skip` is absent on the last one; `scanned` counts the rows a search looked at."""

    rows: list[Row]
    total: int | None = None
    next_skip: int | None = None
    scanned: int | None = None


class LoadTestRow(BaseModel):
    """A load test."""

    id: int
    name: str
    project_id: int
    created: Moment
    updated: Moment
    k6_version: int | None = None

    @classmethod
    def of(cls, test: LoadTest) -> Self:
        """The row for a test."""
        return cls(**test.model_dump(include=set(cls.model_fields)))


class ScriptFacts(BaseModel):
    """A script without its bytes. `size` is in bytes."""

    kind: ScriptKind
    size: int
    sha256: str


class KeptScript(BaseModel):
    """A script that was replaced or deleted and is kept, and how to bring it back; absent when none is kept."""

    kept_script_sha256: str | None = None
    undo: str | None = None

    @classmethod
    def to_restore(cls, sha256: str, days: int, load_test_id: int | None) -> Self:
        """A script that is kept for `days`; without a load test to restore it to, a new one is needed."""
        where = f"load_test_id {load_test_id}" if load_test_id else "a new load test's id"
        return cls(
            kept_script_sha256=sha256,
            undo=f"For up to {days} days: restore_load_test_script with {where} and this sha256.",
        )


class CreatedLoadTest(LoadTestRow):
    """A new test and the script it was given."""

    script: ScriptFacts | None = None


class ProjectRow(BaseModel):
    """A project."""

    id: int
    name: str
    is_default: bool

    @classmethod
    def of(cls, project: Project) -> Self:
        """The row for a project."""
        return cls(**project.model_dump(include=set(cls.model_fields)))


class ProjectDetails(ProjectRow):
    """A project with its labels."""

    grafana_folder_uid: str | None = None
    labels: dict[str, str] | None = None


class TestRunRow(BaseModel):
    """A run in short. `seconds` is its billable duration; `vuh` an estimate until it ended."""

    __test__ = False

    id: int
    status: str
    result: str | None = None
    message: str | None = None
    created: Moment
    ended: Moment | None = None
    seconds: int = 0
    max_vus: int | None = None
    vuh: float | None = None

    @classmethod
    def of(cls, run: TestRun) -> Self:
        """The row for a run."""
        return cls(**row_of(run))


class TestRunDetails(TestRunRow):
    """A run with its options, tokens redacted."""

    load_test_id: int
    project_id: int
    started_by: str | None = None
    note: str | None = None
    starred: bool | None = None
    estimated_seconds: int | None = None
    verdict: str | None = None
    options: Json | None = None
    next: str | None = None

    @classmethod
    def of(cls, run: TestRun, verdict: str | None = None) -> Self:
        """The details of a run, what its result really says, and what to do next."""
        return cls(
            **row_of(run),
            verdict=verdict,
            load_test_id=run.test_id,
            project_id=run.project_id,
            started_by=run.started_by,
            note=run.note or None,
            starred=run.is_starred or None,
            estimated_seconds=run.estimated_duration,
            options=_shown_options(run.options) if run.options else None,
            next=None if run.is_final else f"Not finished: call wait_for_test_run with test_run_id {run.id}.",
        )


class AnyTestRunRow(TestRunRow):
    """A run in a list over all tests."""

    load_test_id: int

    @classmethod
    def of(cls, run: TestRun) -> Self:
        """The row for a run."""
        return cls(**row_of(run), load_test_id=run.test_id)


class StartedRun(BaseModel):
    """A started run, and the page that shows it to people. `already_started`: how long ago an earlier call did it."""

    test_run_id: int
    status: str
    already_started: str | None = None
    page_url: str | None = Field(default=None)
    next: str


def _shown_options(options: Json) -> Json:
    """Options without tokens, and without what is empty or only shapes k6's own output."""
    return {name: value for name, value in without_output(redact_options(options)).items() if value}


def without_output(options: Json) -> Json:
    """Options without what only shapes k6's own output."""
    return {name: value for name, value in options.items() if name not in _OUTPUT_OPTIONS}


def row_of(run: TestRun) -> Json:
    """The fields of a run that every view of it has."""
    return {
        "id": run.id,
        "status": run.status,
        "result": run.result,
        "message": message_of(run),
        "created": run.created,
        "ended": run.ended,
        "seconds": run.execution_duration,
        "max_vus": run.max_vus,
        "vuh": run.cost.total_vuh if run.cost else None,
    }


def rounded(value: float | None) -> float | None:
    """Four significant digits: more would only cost tokens."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def short(value: float) -> str:
    """A number as people read it: four digits, and never an exponent for a large one."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 run`, `2 runs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def message_of(run: TestRun) -> str | None:
    """The reason of the run's end, in the service's words, and who stopped it."""
    extra = run.status_details.extra
    if extra and extra.by_user:
        return f"Stopped by {extra.by_user}."
    if run.result_details and run.result_details.message:
        return run.result_details.message
    return extra.message if extra else None
