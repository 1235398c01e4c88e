"""The limits and load zones that a project holds a load to."""

from collections.abc import Iterator, Mapping

from k6_cloud.errors import ErrorDetail
from k6_cloud.limits import ProjectLimits
from k6_cloud.planning.charge import vuh_text
from k6_cloud.planning.load import Load
from k6_cloud_sandbox.store.quota import Allowance


def forbidden(
    load: Load, vuh: float, zones: Mapping[str, str], allowance: Allowance
) -> Iterator[ErrorDetail]:
    """Everything that keeps a load of this price out; `zones` are the zones that options name, by where they do."""
    yield from _past_test_limits(load, allowance.limits)
    yield from _past_month(vuh, allowance)
    yield from _forbidden_zones(zones, allowance.zones)


def _past_test_limits(load: Load, limits: ProjectLimits) -> Iterator[ErrorDetail]:
    asked = {
        "vu_max_per_test": (load.max_vus, "VUs"),
        "vu_browser_max_per_test": (load.browser_vus, "browser VUs"),
        # Scenarios that end with their iterations count with their maxDuration, which they may take.
        "duration_max_per_test": (load.duration, "s"),
    }
    for name, (value, unit) in asked.items():
        limit: int | None = getattr(limits, name)
        if limit is not None and value > limit:
            yield _limited(f"The test may take {value:g} {unit}; its project allows {limit} ({name}).")


def _past_month(vuh: float, allowance: Allowance) -> Iterator[ErrorDetail]:
    limit = allowance.limits.vuh_max_per_month
    if limit is not None and allowance.used_vuh + vuh > limit:
        yield _limited(
            f"The test may take {vuh_text(vuh)} VUh, and its project has used {vuh_text(allowance.used_vuh)} this month; "
            f"it allows {limit} (vuh_max_per_month)."
        )


def _limited(message: str) -> ErrorDetail:
    advice = "Ask for less, or raise the project's limit."
    return ErrorDetail(message=f"{message} {advice}", code="limit_exceeded", target="options")


def _forbidden_zones(named: Mapping[str, str], zones: Mapping[str, str | None]) -> Iterator[ErrorDetail]:
    for target, zone in named.items():
        objection = zones.get(zone, "is unknown")
        if objection:
            yield ErrorDetail(
                message=f"The load zone {zone!r} {objection}. Name another one.",
                code="invalid",
                target=target,
            )
