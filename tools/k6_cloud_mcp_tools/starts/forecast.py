"""When schedules start their tests, and what that costs: in words, and as a load that ceilings count."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from k6_cloud.errors import NotFound
from k6_cloud.models import LoadTest
from k6_cloud.planning.charge import vuh_text
from k6_cloud.planning.recurrence import count_between, next_start, starts_between
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.planned_load import OtherRuns, PlannedLoad
from k6_cloud_mcp_tools.results import counted
from k6_cloud_mcp_tools.starts.active_schedules import active_schedules, runs_of_others, tests_of_project
from k6_cloud_mcp_tools.starts.pricing import CannotRun, Price, price_of, price_of_script
from k6_cloud_mcp_tools.starts.runs import newest_runs
from k6_cloud_mcp_tools.starts.schedule_words import plan_of, repeats

_SHOWN_STARTS = 5
_MONTH = timedelta(days=30)
_OFTEN = timedelta(hours=1)


@dataclass(frozen=True)
class Forecast:
    """The starts of a plan, of which `shown` are the next few, and the price of each.

    `others` finds the runs of other schedules, which count towards the same day.
    """

    plan: CreateSchedule
    shown: Sequence[datetime]
    price: Price
    others: OtherRuns = field(repr=False, compare=False)
    name: str = "it"

    @property
    def lines(self) -> list[str]:
        """When it starts next, and what that costs."""
        return [
            f"Next starts (UTC): {', '.join(f'{time:%a %Y-%m-%d %H:%M}' for time in self.shown)}.",
            f"Cost of a run: {self.price.words}.",
            f"Cost of the 30 days from the first start: {self._monthly()}.",
        ]

    @property
    def permitted(self) -> list[str]:
        """The starts of an active schedule after a change, and their price.

        Without the next start if another follows within the hour: the words would change while somebody reads them.
        """
        following = self.shown[1:2]
        often = bool(following) and following[0] - self.shown[0] <= _OFTEN
        when = "" if often else f", next at {self.shown[0]:%a %Y-%m-%d %H:%M} UTC"
        return [
            f"The active schedule of {self.name} ({repeats(self.plan)}) starts this by itself{when}.",
            f"Cost of a run: {self.price.words}.",
        ]

    @property
    def load(self) -> PlannedLoad:
        """The times that the schedule plans."""
        return PlannedLoad((self.price.planned_run(self.plan, self.name),), self.others)

    def _monthly(self) -> str:
        first = self.shown[0]
        end = first + _MONTH
        count, vuh = count_between(starts_between(self.plan, first, end), first, end), self.price.vuh
        runs = counted(count, "run")
        return f"{runs}, price unknown" if vuh is None else f"{runs}, {vuh_text(vuh * count)} VUh"


def next_starts(plan: CreateSchedule, now: datetime) -> list[datetime]:
    """Return the next few starts, in UTC."""
    times: list[datetime] = []
    after = now
    while len(times) < _SHOWN_STARTS and (start := next_start(plan, after)):
        times.append(start)
        after = start
    return times


async def forecast_of(app: App, test: LoadTest, plan: CreateSchedule) -> Forecast | None:
    """Return what a plan starts from now on; None if it starts nothing. Raises CannotRun."""
    times = next_starts(plan, datetime.now(UTC))
    if not times:
        return None
    return Forecast(plan, times, await price_of(app, test), runs_of_others(app, {test.id}))


async def forecast_with_script(app: App, test: LoadTest, script: Script) -> Forecast | None:
    """Return what the test's active schedule will start once it has this script; None if it has none."""
    if (plan := await _active_plan(app, test.id)) is None:
        return None
    try:
        price = await price_of_script(app, test, script, await newest_runs(app.k6, test.id))
    except CannotRun as error:
        price = Price.of_broken(str(error))
    return _standing(app, plan, price, test)


async def forecast_in_project(app: App, test: LoadTest, project_id: int) -> Forecast | None:
    """Return what the test's active schedule will start once it is in that project; None if it has none."""
    if (plan := await _active_plan(app, test.id)) is None:
        return None
    moved = test.model_copy(update={"project_id": project_id})
    return _standing(app, plan, await _standing_price(app, moved), test)


async def forecasts_of_project(app: App, project_id: int) -> list[Forecast]:
    """Return what the active schedules of a project's tests will start, whatever its limits are."""
    tests = {test.id: test async for test in tests_of_project(app.k6, project_id)}
    forecasts: list[Forecast] = []
    async for schedule in active_schedules(app.k6):
        if test := tests.get(schedule.load_test_id):
            price = await _standing_price(app, test, whatever_limits=True)
            forecast = _standing(app, plan_of(schedule), price, test, without=tests.keys())
            forecasts += [forecast] if forecast else []
    return forecasts


def load_of(forecasts: Sequence[Forecast]) -> PlannedLoad | None:
    """Return the load of several forecasts together; None without any."""
    if not forecasts:
        return None
    return PlannedLoad(tuple(run for one in forecasts for run in one.load.runs), forecasts[0].others)


async def _active_plan(app: App, load_test_id: int) -> CreateSchedule | None:
    """Return the plan of a test's schedule that will start it again; None if there is none."""
    try:
        schedule = await app.k6.schedules.of_load_test(load_test_id)
    except NotFound:
        return None
    return None if schedule.deactivated or schedule.next_run is None else plan_of(schedule)


async def _standing_price(app: App, test: LoadTest, *, whatever_limits: bool = False) -> Price:
    try:
        return await price_of(app, test, whatever_limits=whatever_limits)
    except CannotRun as error:
        return Price.of_broken(str(error))


def _standing(
    app: App, plan: CreateSchedule, price: Price, test: LoadTest, without: Collection[int] = ()
) -> Forecast | None:
    """Return the forecast of a schedule that is active already; None if it has no start left."""
    times = next_starts(plan, datetime.now(UTC))
    others = runs_of_others(app, {test.id, *without})
    return Forecast(plan, times, price, others, f"load test {test.id}") if times else None
