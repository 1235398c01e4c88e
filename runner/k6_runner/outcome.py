"""The outcome of a run, read from k6's end-of-test summary (`--summary-export`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from k6_cloud.models import Json


@dataclass(frozen=True)
class Threshold:
    """One pass/fail condition on a metric."""

    metric: str
    expression: str
    passed: bool


@dataclass(frozen=True)
class Check:
    """One check with its counts; `name` begins with its groups, joined by ` / `."""

    name: str
    passes: int
    fails: int


@dataclass(frozen=True)
class Outcome:
    """The end of a run. `seconds` is wall-clock time; `summary` and `report` (HTML) are k6's own."""

    status: Literal["completed", "aborted"]
    result: Literal["passed", "failed", "error"]
    message: str | None = None
    code: int | None = None
    by_user: bool = False
    seconds: float = 0
    thresholds: list[Threshold] = field(default_factory=list[Threshold])
    checks: list[Check] = field(default_factory=list[Check])
    summary: Json | None = None
    report: bytes | None = None


def thresholds_in(summary: Json) -> list[Threshold]:
    """The thresholds of a summary, sorted. It marks each with whether it was *crossed*, not whether it held."""
    return [
        Threshold(metric, expression, passed=not crossed)
        for metric, values in sorted(summary.get("metrics", {}).items())
        for expression, crossed in sorted(values.get("thresholds", {}).items())
    ]


def checks_in(summary: Json) -> list[Check]:
    """The checks of a summary, in all groups, sorted (k6 writes them in any order)."""
    return sorted(_checks(summary.get("root_group", {}), ()), key=lambda check: check.name)


def _checks(group: dict[str, Any], path: tuple[str, ...]) -> Iterator[Check]:
    for check in group.get("checks", {}).values():
        yield Check(" / ".join((*path, check["name"])), check["passes"], check["fails"])
    for child in group.get("groups", {}).values():
        yield from _checks(child, (*path, child["name"]))
