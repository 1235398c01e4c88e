"""The project that a request belongs to, declared by the method that sends it.

A client that is limited to some projects judges every request by this declaration, and refuses a request
without one: a new operation is out of reach until it says to which project it belongs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from k6_cloud.models import Json, object_of


@dataclass(frozen=True)
class OfProject:
    """The request touches this project. The id may come from a script's options, so it can be any value."""

    id: object


@dataclass(frozen=True)
class OfLoadTest:
    """The request touches this load test."""

    id: int


@dataclass(frozen=True)
class OfTestRun:
    """The request touches this test run."""

    id: int


@dataclass(frozen=True)
class OfSchedule:
    """The request touches this schedule."""

    id: int


@dataclass(frozen=True)
class OfAnswer:
    """The answer names its project in `project_id`: it is read first and judged then."""

    name: str


@dataclass(frozen=True)
class OfRows:
    """The request lists objects of all projects; `field` of a row says which project, or load test, it belongs to.

    `by_project` is the path of the same list of one project, `by_filter` the parameter that takes project ids.
    A list that is not `paged` is answered whole.
    """

    field: Literal["id", "project_id", "load_test_id"]
    by_project: str | None = None
    by_filter: str | None = None
    paged: bool = True


@dataclass(frozen=True)
class OfDefaultProject:
    """The request names no project, so the service takes the default one."""


@dataclass(frozen=True)
class Unowned:
    """The request tells and changes nothing of any project."""


Owner = OfProject | OfLoadTest | OfTestRun | OfSchedule | OfAnswer | OfRows | OfDefaultProject | Unowned


def owners_of_options(options: Json, project_id: int | None) -> tuple[Owner, ...]:
    """Return the projects that options are priced for: the given one, and those the options themselves name."""
    named = [project_id, _at(options, "cloud", "projectID"), _at(options, "ext", "loadimpact", "projectID")]
    return tuple(OfProject(one) for one in named if one is not None) or (OfDefaultProject(),)


def _at(options: Mapping[str, Any], *names: str) -> object:
    value: object = options
    for name in names:
        value = object_of(value).get(name)
    return value
