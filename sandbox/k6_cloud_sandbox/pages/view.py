"""The view of a run on a page."""

from dataclasses import dataclass

from k6_cloud.models import TestRun
from k6_runner.outcome import Check, Threshold


@dataclass(frozen=True)
class RunView:
    """A run with what is not part of the API's answer; `report` is k6's own HTML report."""

    run: TestRun
    test_name: str
    thresholds: list[Threshold]
    checks: list[Check]
    report: bytes | None
