"""The stack's active schedules and their prices: the runs that are allowed already."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import replace

import anyio
from anyio import to_thread

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError, NotFound
from k6_cloud.models import LoadTest
from k6_cloud.schedules import CreateSchedule, Schedule
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.planned_load import OtherRuns, PlannedRun
from k6_cloud_mcp_tools.starts.pricing import CannotRun, price_of
from k6_cloud_mcp_tools.starts.schedule_words import plan_of

_PAGE = 1000
_AT_ONCE = 8


def runs_of_others(app: App, without: Collection[int] = ()) -> OtherRuns:
    """Return a function that finds and prices the runs of all active schedules but those of these load tests."""

    async def find(matters: Callable[[CreateSchedule], bool]) -> Sequence[PlannedRun]:
        # The whole stack spends from a day's ceiling, whichever projects this caller may see.
        stack = replace(app, policy=app.policy.model_copy(update={"projects": None}))
        active = [one async for one in active_schedules(stack.k6) if one.load_test_id not in without]
        return await _priced(stack, await to_thread.run_sync(_relevant, active, matters))

    return find


async def active_schedules(k6: K6Cloud) -> AsyncGenerator[Schedule, None]:
    """Yield the schedules that `k6` may see and that will start a test again. Raises K6CloudError."""
    async for page in k6.pages(k6.schedules.list, top=_PAGE):
        for schedule in page.value:
            if not schedule.deactivated and schedule.next_run is not None:
                yield schedule


async def tests_of_project(k6: K6Cloud, project_id: int) -> AsyncGenerator[LoadTest, None]:
    """Yield the load tests of a project. Raises K6CloudError."""
    async for page in k6.pages(k6.load_tests.list, project_id=project_id, top=_PAGE):
        for test in page.value:
            yield test


def _relevant(
    schedules: Sequence[Schedule], matters: Callable[[CreateSchedule], bool]
) -> list[tuple[Schedule, CreateSchedule | None]]:
    """Return those that matter, with their plans; one that cannot be read matters in any case."""
    found: list[tuple[Schedule, CreateSchedule | None]] = []
    for schedule in schedules:
        try:
            plan = plan_of(schedule)
            if matters(plan):
                found.append((schedule, plan))
        except ValueError:
            found.append((schedule, None))
    return found


async def _priced(app: App, wanted: Sequence[tuple[Schedule, CreateSchedule | None]]) -> list[PlannedRun]:
    """Price what these schedules start, a few at a time."""
    priced: list[PlannedRun] = []
    limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def add(schedule: Schedule, plan: CreateSchedule | None) -> None:
        async with limiter:
            if run := await _run_of(app, schedule, plan):
                priced.append(run)

    async with anyio.create_task_group() as tasks:
        for schedule, plan in wanted:
            tasks.start_soon(add, schedule, plan)
    return priced


async def _run_of(app: App, schedule: Schedule, plan: CreateSchedule | None) -> PlannedRun | None:
    """Return what a schedule starts; None for a test that has gone or cannot run."""
    name = f"the schedule of load test {schedule.load_test_id}"
    if plan is None:
        return PlannedRun(None, None, name=name)
    try:
        test = await app.k6.load_tests.get(schedule.load_test_id)
        return (await price_of(app, test)).planned_run(plan, name)
    except (NotFound, CannotRun):
        return None
    except K6CloudError:
        return PlannedRun(None, None, plan, name)
