"""The verdict on a run: `passed` and `error` can both mislead.

Checks do not fail a run; a threshold without samples passes; a run without thresholds cannot fail; an
`error` is about the run, not about the system under test.
"""

from collections.abc import Mapping

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.measurements import failing_checks, measured_thresholds, metric_types
from k6_cloud_mcp_tools.metrics.thresholds import Threshold, thresholds_of
from k6_cloud_mcp_tools.results import message_of, short


async def verdict_of(k6: K6Cloud, run: TestRun) -> str | None:
    """One or a few sentences on a run that has ended; None while it is under way."""
    if not run.is_final:
        return None
    if run.result not in ("passed", "failed"):
        return _broke_off(run)
    measured = await _measured(k6, run)
    judged = _passed(run) if run.result == "passed" else _failed(run, measured)
    return " ".join([judged, *await _doubts(k6, run, measured)])


def _passed(run: TestRun) -> str:
    count = len(thresholds_of(run.options))
    if count == 0:
        return "Passed, but it has no thresholds, so nothing could make it fail."
    return f"Passed: no threshold was crossed ({count} set)."


def _failed(run: TestRun, measured: Mapping[Threshold, float | None]) -> str:
    if run.options and not thresholds_of(run.options):
        return "Failed, though it has no thresholds: the script itself failed the run."
    crossed = [
        f"{threshold.name} (it was {short(value)})"
        for threshold, value in measured.items()
        if value is not None and not threshold.holds(value)
    ]
    early = " and ended early" if run.status == "aborted" else ""
    return f"Failed{early}: it crossed {', '.join(crossed) or 'a threshold'}."


async def _doubts(k6: K6Cloud, run: TestRun, measured: Mapping[Threshold, float | None]) -> list[str]:
    doubts: list[str] = []
    failing = await failing_checks(k6, run.id)
    if failing:
        spared = ", which alone does not fail a run" if run.result == "passed" else ""
        doubts.append(f"{failing * 100:.4g} % of its checks failed{spared}.")
    if unmeasured := [threshold.name for threshold, value in measured.items() if value is None]:
        doubts.append(f"No samples for {', '.join(unmeasured)}: nothing is proved there.")
    return doubts


async def _measured(k6: K6Cloud, run: TestRun) -> dict[Threshold, float | None]:
    """The values of its thresholds, None for one that was never measured; empty where they cannot be known."""
    if not thresholds_of(run.options):
        return {}
    try:
        types = await metric_types(k6, run.id)
        return await measured_thresholds(k6, run, types) if types else {}
    except K6CloudError:
        return {}


def _broke_off(run: TestRun) -> str:
    reason = message_of(run) or "No reason was given."
    extra = run.status_details.extra
    if extra and extra.by_user:
        return f"No verdict: it was stopped before its end. {reason}"
    if run.status == "completed":
        return f"No verdict: it ended, but with an error of its set-up or of the platform. {reason}"
    return f"No verdict on the system: the run itself broke off. {reason}"
