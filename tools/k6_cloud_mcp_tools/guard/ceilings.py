"""The ceilings of a policy: what no load test may exceed, whoever confirms it."""

from datetime import UTC, datetime, timedelta

from anyio import to_thread

from k6_cloud.planning.charge import vuh_text
from k6_cloud.planning.days import counts, daily_spans
from k6_cloud.planning.recurrence import next_start, starts_between
from k6_cloud.planning.ticks import moment_of, ticks_of
from k6_cloud.schedules import CreateSchedule
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.day_sums import DAYS, DaySum, Year
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad, PlannedRun
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours
from k6_cloud_mcp_tools.guard.spending import Spent, spent_today
from k6_cloud_mcp_tools.results import counted

_DAY_SETTING = "K6_MCP_MAX_VUH_PER_DAY"
# Prices are sums of binary fractions.
_TOLERANCE = 1e-6


async def over_a_ceiling(app: App, load: PlannedLoad | None) -> str | None:
    """Return why the policy forbids this load, in words; None if it does not. An unknown cost is over any ceiling."""
    if load is None:
        return None
    now = datetime.now(UTC)
    # A schedule is looked at for a year, which takes some time.
    return await to_thread.run_sync(over_for_one_run, app.policy, load, now) or await _over_for_a_day(
        app, load, now
    )


def over_for_one_run(policy: Policy, load: PlannedLoad, now: datetime) -> str | None:
    """Return why the policy forbids one of these runs, in words; None if it does not."""
    return next((reason for run in load.runs if (reason := _over_for(policy, run, now))), None)


def _over_for(policy: Policy, run: PlannedRun, now: datetime) -> str | None:
    return (
        _quiet(policy, run, now)
        or _over(run, "VUs", run.max_vus, policy.max_vus, "K6_MCP_MAX_VUS")
        or _over(run, "VUh per run", run.vuh, policy.max_vuh_per_run, "K6_MCP_MAX_VUH_PER_RUN")
    )


def _over(run: PlannedRun, unit: str, value: float | None, ceiling: float | None, setting: str) -> str | None:
    if ceiling is None or (value is not None and value <= ceiling + _TOLERANCE):
        return None
    if value is None:
        whose = "its" if run.name == "it" else f"for {run.name} the"
        return f"{whose} {unit} are unknown, which is over any ceiling ({setting} is {ceiling:g})"
    return f"{run.name} takes {_amount(unit, value)} {unit}, and {setting} is {ceiling:g}"


def _amount(unit: str, value: float) -> str:
    return f"{value:g}" if unit == "VUs" else f"up to {vuh_text(value)}"


def _quiet(policy: Policy, run: PlannedRun, now: datetime) -> str | None:
    for hours in policy.quiet_hours:
        if when := _in_quiet_hours(hours, run, now):
            return f"no load test may start in the quiet hours {hours} (K6_MCP_QUIET_HOURS), and {when}"
    return None


def _in_quiet_hours(hours: QuietHours, run: PlannedRun, now: datetime) -> str | None:
    if run.schedule is None:
        return "it is that time now" if now in hours else None
    try:
        start = _first_in(hours, run.schedule, now)
    except ValueError as error:
        return f"it is not known when {run.name} would start: {error}"
    return start and f"{run.name} would start at {start:%Y-%m-%d %H:%M} UTC"


def _first_in(hours: QuietHours, plan: CreateSchedule, now: datetime) -> datetime | None:
    """Return the first start of a year that lies in quiet hours. Raises ValueError for a plan that cannot be read."""
    end = now + timedelta(days=DAYS)
    spans = daily_spans(hours.start, hours.end, hours.zone, ticks_of(now), ticks_of(end))
    bounds = [bound for span in spans for bound in span]
    inside = counts(starts_between(plan, now, end), bounds)[::2] if bounds else []
    first = next((spans[index][0] for index, count in enumerate(inside) if count), None)
    return None if first is None else next_start(plan, moment_of(first - 1))


async def _over_for_a_day(app: App, load: PlannedLoad, now: datetime) -> str | None:
    ceiling = app.policy.max_vuh_per_day
    if ceiling is None:
        return None
    for run in load.runs:
        if run.vuh is None:
            return _over(run, "VUh per day", None, ceiling, _DAY_SETTING)
    if app.ledger.unkept:
        return f"{_DAY_SETTING} needs a record of what was started, which cannot be kept: {app.ledger.unkept}"
    year = Year(now)
    if reason := await to_thread.run_sync(_over_alone, year, load, ceiling):
        return reason
    # The whole stack spends from it, whichever projects this caller may see.
    begins_today = load.starts_now or _has_start_today(year, load)
    spent = await _spent_today(app) if begins_today else Spent(0)
    if spent.vuh is None:
        return f"what was spent today is unknown ({spent.reason}), and {_DAY_SETTING} is {ceiling:g}"
    return await _over_with_others(year, load, spent.vuh, ceiling)


async def _spent_today(app: App) -> Spent:
    try:
        return await spent_today(app.unscoped, app.ledger)
    except OSError as error:
        return Spent(None, f"the ledger of starts cannot be read or written: {error.strerror or error}")


def _over_alone(year: Year, load: PlannedLoad, ceiling: float) -> str | None:
    return _dearest(year.sums(load.runs, ()), 0.0, ceiling)


def _has_start_today(year: Year, load: PlannedLoad) -> bool:
    return any(year.starts(run)[0] for run in load.runs)


async def _over_with_others(year: Year, load: PlannedLoad, spent: float, ceiling: float) -> str | None:
    """Hold each day on which the load starts something to the ceiling, with what starts then besides."""
    days = [index for index in range(DAYS) if any(year.starts(run)[index] for run in load.runs)]

    def matters(plan: CreateSchedule) -> bool:
        starts = year.scheduled(plan)
        return any(starts[index] for index in days)

    others = await load.others(matters)
    if unknown := next((run for run in others if run.vuh is None), None):
        return (
            f"what {unknown.name} will cost is unknown, which is over any ceiling ({_DAY_SETTING} is {ceiling:g}): "
            "deactivate its schedule, or have its script priced"
        )
    sums = await to_thread.run_sync(year.sums, load.runs, others)
    return _dearest(sums, spent, ceiling)


def _dearest(sums: list[DaySum], spent: float, ceiling: float) -> str | None:
    """Return why the dearest of these days is over the ceiling; None if it is not."""

    def total(day: DaySum) -> float:
        return day.vuh + day.other_vuh + (spent if day.is_today else 0.0)

    day = max(sums, key=total, default=None)
    if day is None or total(day) <= ceiling + _TOLERANCE:
        return None
    return f"{_in_words(day, spent)}, and {_DAY_SETTING} is {ceiling:g}"


def _in_words(day: DaySum, spent: float) -> str:
    """Return what a day costs: what is spent or planned already, and what the load adds."""
    own, others = vuh_text(day.vuh), f"{counted(day.other_runs, 'run')} of other schedules up to "
    before = [f"today's runs cost {vuh_text(spent)} VUh"] if day.is_today and spent else []
    before += [f"{others}{vuh_text(day.other_vuh)} VUh"] if day.other_runs else []
    if day.is_today and before:
        return f"{', '.join(before)}, {'this one' if day.runs == 1 else f'its {day.runs} runs'} {own} more"
    when = "today" if day.is_today else f"on {day.day:%Y-%m-%d}"
    return ", ".join([f"{when} (UTC) it adds {counted(day.runs, 'run')} for up to {own} VUh", *before])
