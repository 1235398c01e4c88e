"""Tools for schedules: when a load test starts by itself."""

from datetime import datetime
from typing import Annotated, Self

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import Conflict
from k6_cloud.models import Json, LoadTest
from k6_cloud.planning.recurrence import problems_of
from k6_cloud.safe_text import quote
from k6_cloud.schedules import CreateSchedule, Cron, RecurrenceRule, Schedule
from k6_cloud_mcp_tools.context import K6, App, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.operation import confirmed, read, write
from k6_cloud_mcp_tools.paging import one_page
from k6_cloud_mcp_tools.parameters import Limit, LoadTestId, ScheduleId, Skip
from k6_cloud_mcp_tools.results import Moment, Rows
from k6_cloud_mcp_tools.starts.forecast import forecast_of
from k6_cloud_mcp_tools.starts.pricing import refusing
from k6_cloud_mcp_tools.starts.schedule_words import (
    essence,
    plan_of,
    repeats,
    schedule_of,
    with_next_start,
)
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    Changes,
    changes,
    reading_back,
    require_shown,
    require_unchanged,
)

Starts = Annotated[
    AwareDatetime,
    Field(description="First start (with cron: none before), with zone: 2026-12-01T02:00:00+01:00."),
]
_WHEN = "create_load_test_schedule sets it, in place of the schedule there is."
_NOT_SWITCHED = {"starts": _WHEN, "cron": _WHEN, "recurrence_rule": _WHEN}
_DEFINITION = {"id", "starts", "recurrence_rule", "cron", "deactivated"}


class ScheduleRow(BaseModel):
    """A schedule; without `next_run` it has expired. `repeats` is its rule or cron line in words."""

    id: int
    load_test_id: int
    starts: Moment
    repeats: str
    deactivated: bool
    next_run: Moment | None = None
    created_by: str | None = None

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """The row for a schedule."""
        facts = schedule.model_dump(include=set(cls.model_fields))
        return cls(**facts, repeats=repeats(schedule))


class ChangedSchedule(ScheduleRow, Changed):
    """A schedule after a write; `changed` tells the schedule that was replaced, in words."""


async def list_schedules(k6: K6, limit: Limit = 20, skip: Skip = 0) -> Rows[ScheduleRow]:
    """List schedules."""
    page = await k6.schedules.list(top=limit, skip=skip, count=True)
    return one_page(page, skip, ScheduleRow.of)


async def get_schedule(k6: K6, schedule_id: ScheduleId) -> ScheduleRow:
    """Get one schedule."""
    return ScheduleRow.of(await k6.schedules.get(schedule_id))


async def get_load_test_schedule(k6: K6, load_test_id: LoadTestId) -> ScheduleRow:
    """Get the schedule of a load test."""
    return ScheduleRow.of(await k6.schedules.of_load_test(load_test_id))


async def create_load_test_schedule(
    app: TheApp,
    load_test_id: LoadTestId,
    starts: Starts,
    recurrence_rule: RecurrenceRule | None = None,
    cron: Cron | None = None,
) -> Plan[ChangedSchedule]:
    """Schedule a load test: once, by a rule, or by cron; replaces its schedule. Shows the times and the price and asks first."""
    wanted = _wanted(starts, recurrence_rule, cron)
    test, before = await gather(app.k6.load_tests.get(load_test_id), schedule_of(app.k6, load_test_id))
    with refusing("Not scheduled"):
        forecast = await forecast_of(app, test, wanted)
    if forecast is None:
        raise ToolError(
            "Not scheduled: it would never start. Give a time in the future, or a rule that repeats."
        )

    async def act() -> ChangedSchedule:
        now = await schedule_of(app.k6, load_test_id)
        require_unchanged(_definition(before), _definition(now), f"the schedule of load test {load_test_id}")
        await app.k6.schedules.create(load_test_id, wanted)
        with reading_back():
            after = await app.k6.schedules.of_load_test(load_test_id)
        require_shown(essence(wanted), essence(after))
        return _changed(after, changes(_in_words(before), _in_words(after)))

    lines = [
        f"Schedule load test {quote(test.name)} (id {test.id}), which then starts by itself, {_terms(app)}.",
        *forecast.lines,
        *([f"It replaces the schedule the test has: {repeats(before)}."] if before else []),
    ]
    return Plan(Preview("\n".join(lines)), act, forecast.load)


async def delete_schedule(app: TheApp, schedule_id: ScheduleId) -> Plan[ScheduleRow]:
    """Delete a schedule; the load test stays. Asks first."""
    schedule = await app.k6.schedules.get(schedule_id)
    test = await app.k6.load_tests.get(schedule.load_test_id)

    async def act() -> ScheduleRow:
        now = await app.k6.schedules.get(schedule_id)
        require_unchanged(_definition(schedule), _definition(now), f"schedule {schedule_id}")
        await app.k6.schedules.delete(schedule_id)
        return ScheduleRow.of(now)

    text = f"Delete {_described(schedule, test, with_next_start(schedule))}. The test and its runs stay."
    return Plan(Preview(text), act)


async def activate_schedule(app: TheApp, schedule_id: ScheduleId) -> Plan[ChangedSchedule]:
    """Let a deactivated schedule start its load test again. Asks first."""
    schedule = await app.k6.schedules.get(schedule_id)
    if schedule.next_run is None:
        raise _expired(schedule_id)

    async def act() -> ChangedSchedule:
        before = await app.k6.schedules.get(schedule_id)
        require_unchanged(_definition(schedule), _definition(before), f"schedule {schedule_id}")
        try:
            await app.k6.schedules.activate(schedule_id)
        except Conflict as error:
            raise _expired(schedule_id) from error
        return await _switched(app.k6, before, deactivated=False)

    if not schedule.deactivated:
        return Plan(None, act)
    test = await app.k6.load_tests.get(schedule.load_test_id)
    with refusing("Not activated"):
        forecast = await forecast_of(app, test, plan_of(schedule))
    if forecast is None:
        raise _expired(schedule_id)
    described = _described(schedule, test, repeats(schedule))
    lines = [f"Activate {described}; it then starts by itself, {_terms(app)}.", *forecast.lines]
    return Plan(Preview("\n".join(lines)), act, forecast.load)


async def deactivate_schedule(k6: K6, schedule_id: ScheduleId) -> ChangedSchedule:
    """Keep a schedule from starting its load test, until activate_schedule. Runs under way go on."""
    before = await k6.schedules.get(schedule_id)
    await k6.schedules.deactivate(schedule_id)
    return await _switched(k6, before, deactivated=True)


async def _switched(k6: K6Cloud, before: Schedule, *, deactivated: bool) -> ChangedSchedule:
    """A schedule as it reads now, which has to show that it is on or off."""
    with reading_back():
        after = await k6.schedules.get(before.id)
    old, new = ({"deactivated": one.deactivated} for one in (before, after))
    require_shown({"deactivated": deactivated}, new)
    return _changed(after, changes(old, new))


def _changed(schedule: Schedule, changed: Changes | None) -> ChangedSchedule:
    return ChangedSchedule(**ScheduleRow.of(schedule).model_dump(), changed=changed)


def _expired(schedule_id: int) -> ToolError:
    return ToolError(
        f"Not activated: schedule {schedule_id} has expired. Set a new one with create_load_test_schedule."
    )


def _wanted(starts: datetime, recurrence_rule: RecurrenceRule | None, cron: Cron | None) -> CreateSchedule:
    """The schedule as the API takes it. Raises ToolError that names what is wrong with it."""
    try:
        plan = CreateSchedule.model_validate(
            {"starts": starts}
            | ({"recurrence_rule": recurrence_rule} if recurrence_rule else {})
            | ({"cron": cron} if cron else {})
        )
    except ValidationError as error:
        reasons = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise ToolError(f"Not scheduled: {reasons}.") from error
    if problems := [f"{problem.target}: {problem.message}" for problem in problems_of(plan)]:
        raise ToolError(f"Not scheduled: {' '.join(problems)}")
    return plan


def _terms(app: App) -> str:
    """Explain what starting by itself means: the sandbox charges nothing, but has to be running."""
    return (
        "in the sandbox only while this server runs, and free" if app.sandbox else "and is charged each time"
    )


def _definition(schedule: Schedule | None) -> Json | None:
    """Return the settings of a schedule; its next start changes by itself."""
    return schedule.model_dump(include=_DEFINITION) if schedule else None


def _in_words(schedule: Schedule | None) -> dict[str, str | None]:
    return {"schedule": repeats(schedule) if schedule else None}


def _described(schedule: Schedule, test: LoadTest, words: str) -> str:
    return f"schedule {schedule.id} of load test {quote(test.name)} (id {test.id}): {words}"


OPERATIONS = [
    read(list_schedules, "List schedules"),
    read(get_schedule, "Get a schedule"),
    read(get_load_test_schedule, "Get a load test's schedule"),
    confirmed(
        create_load_test_schedule,
        "Schedule a load test",
        destructive=True,
        idempotent=True,
        open_world=True,
        instead={"deactivated": "deactivate_schedule keeps it from starting."},
    ),
    confirmed(delete_schedule, "Delete a schedule", destructive=True),
    confirmed(
        activate_schedule,
        "Activate a schedule",
        destructive=False,
        idempotent=True,
        open_world=True,
        instead=_NOT_SWITCHED,
    ),
    write(deactivate_schedule, "Deactivate a schedule", idempotent=True, instead=_NOT_SWITCHED),
]
