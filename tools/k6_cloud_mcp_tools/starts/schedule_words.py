"""Schedules in words, for previews and rows."""

from datetime import UTC, timedelta

from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFound
from k6_cloud.planning.recurrence import next_start
from k6_cloud.schedules import CreateSchedule, Schedule

_OFTEN = timedelta(hours=1)


async def schedule_of(k6: K6Cloud, load_test_id: int) -> Schedule | None:
    """The schedule of a load test; None if it has none."""
    try:
        return await k6.schedules.of_load_test(load_test_id)
    except NotFound:
        return None


def repeats(schedule: Schedule | CreateSchedule) -> str:
    """A schedule's rule or cron line in words."""
    if schedule.cron:
        return f"cron {schedule.cron.schedule} in {schedule.cron.time_zone}"
    rule = schedule.recurrence_rule
    if rule is None:
        return f"once, at {schedule.starts:%Y-%m-%d %H:%M} UTC"
    parts = [f"{rule.frequency} every {rule.interval}" if rule.interval > 1 else rule.frequency]
    parts += [f"on {', '.join(rule.byday)}"] if rule.byday else []
    parts += [f"until {rule.until:%Y-%m-%d %H:%M} UTC"] if rule.until else []
    parts += [f"{rule.count} times"] if rule.count else []
    return f"{' '.join(parts)} from {schedule.starts:%Y-%m-%d %H:%M} UTC"


def with_next_start(schedule: Schedule) -> str:
    """A schedule in words, and when it starts next.

    Not for one that starts within an hour again: the words would change while somebody reads them.
    """
    return f"{repeats(schedule)}{_next_start(schedule)}"


def _next_start(schedule: Schedule) -> str:
    if schedule.deactivated:
        return " (deactivated)"
    if schedule.next_run is None:
        return " (expired)"
    if not schedule.cron and not schedule.recurrence_rule:
        return ""
    following = next_start(plan_of(schedule), schedule.next_run)
    if following and following - schedule.next_run <= _OFTEN:
        return ""
    return f", next start {schedule.next_run:%a %Y-%m-%d %H:%M} UTC"


def essence(schedule: Schedule | CreateSchedule) -> dict[str, str | None]:
    """Return the fields that have to read back as they were set: the service may fill in the rest."""
    cron, rule = schedule.cron, schedule.recurrence_rule
    return {
        "cron": f"{cron.schedule} in {cron.time_zone}" if cron else None,
        "recurrence_rule": f"{rule.frequency} every {rule.interval}" if rule else None,
        "starts": None if cron or rule else f"{schedule.starts.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    }


def plan_of(schedule: Schedule) -> CreateSchedule:
    """The plan that makes such a schedule."""
    return CreateSchedule.model_validate(schedule.model_dump(include=set(CreateSchedule.model_fields)))
