"""The ceilings of a policy: what no load test may exceed, whoever confirms it."""

from datetime import UTC, datetime

from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.policy import PlannedLoad, Policy
from k6_cloud_mcp_tools.guard.spending import spent_today


async def over_a_ceiling(app: App, load: PlannedLoad | None) -> str | None:
    """Why the policy forbids this load, in words; None when it does not. An unknown cost is over any ceiling."""
    if load is None:
        return None
    return over_for_one_run(app.policy, load) or await _over_for_today(app, load)


def over_for_one_run(policy: Policy, load: PlannedLoad) -> str | None:
    """Why the policy forbids one such run, in words; None when it does not."""
    return (
        _quiet(policy, load)
        or _over("VUs", load.max_vus, policy.max_vus, "K6_MCP_MAX_VUS")
        or _over("VUh per run", load.vuh, policy.max_vuh_per_run, "K6_MCP_MAX_VUH_PER_RUN")
    )


def _quiet(policy: Policy, load: PlannedLoad) -> str | None:
    for hours in policy.quiet_hours:
        for moment in load.starts or (datetime.now(UTC),):
            if moment in hours:
                when = (
                    f"it would start at {moment:%Y-%m-%d %H:%M} UTC" if load.starts else "it is that time now"
                )
                return f"no load test may start in the quiet hours {hours} (K6_MCP_QUIET_HOURS), and {when}"
    return None


async def _over_for_today(app: App, load: PlannedLoad) -> str | None:
    ceiling = app.policy.max_vuh_per_day
    if ceiling is None:
        return None
    setting = "K6_MCP_MAX_VUH_PER_DAY"
    planned = None if load.vuh is None else load.vuh * load.runs_per_day
    if load.starts:
        return _over("VUh per day", planned, ceiling, setting)
    if reason := _over("VUh per day", planned, ceiling, setting):
        return reason
    # The whole stack spends from it, whichever projects this caller may see.
    spent = await spent_today(app.unscoped)
    if spent.vuh is None:
        return f"what was spent today is unknown ({spent.reason}), and {setting} is {ceiling:g}"
    if spent.vuh + (planned or 0) <= ceiling:
        return None
    return f"today's runs cost {spent.vuh:g} VUh, this one {planned:g} more, and {setting} is {ceiling:g}"


def _over(unit: str, value: float | None, ceiling: float | None, setting: str) -> str | None:
    if ceiling is None or (value is not None and value <= ceiling):
        return None
    if value is None:
        return f"its {unit} are unknown, which is over any ceiling ({setting} is {ceiling:g})"
    return f"it takes {value:g} {unit}, and {setting} is {ceiling:g}"
