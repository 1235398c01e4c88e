"""Schedules: when a load test starts by itself. A test has one at most."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from k6_cloud.api import Api, body, parse
from k6_cloud.models import IsoDatetime, Page, Request, Response, UtcDatetime, require_iso

_PATH = "/cloud/v6/schedules"

Frequency = Literal["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class RecurrenceRule(Request):
    """Repeats in the fixed UTC offset of `starts`: for a local time all year use cron. byday goes with WEEKLY."""

    frequency: Frequency
    interval: Annotated[int, Field(ge=1)] = 1
    byday: list[Weekday] | None = None
    until: IsoDatetime | None = None
    count: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _byday_is_weekly(self) -> Self:
        if self.byday and self.frequency != "WEEKLY":
            raise ValueError("byday can be given with frequency WEEKLY only")
        return self


class Cron(Request):
    """Five cron fields or @hourly, @daily, @weekly, @monthly, @yearly (@annually), in a time zone like Europe/Berlin."""

    schedule: Annotated[str, Field(max_length=256)]
    time_zone: Annotated[str, Field(max_length=128)]


class CreateSchedule(Request):
    """When to start: `starts` alone is once; a rule or a cron line repeats it."""

    starts: Annotated[AwareDatetime, BeforeValidator(require_iso)]
    recurrence_rule: RecurrenceRule | None = None
    cron: Cron | None = None

    @model_validator(mode="after")
    def _one_way_to_repeat(self) -> Self:
        if self.recurrence_rule and self.cron:
            raise ValueError("give recurrence_rule or cron, not both")
        return self


class ReadRecurrenceRule(Response):
    """A rule as the API tells it."""

    frequency: str
    interval: int = 1
    byday: list[str] | None = None
    until: UtcDatetime | None = None
    count: int | None = None


class ReadCron(Response):
    """A cron line as the API tells it."""

    schedule: str
    time_zone: str


class Schedule(Response):
    """A schedule; `next_run` is null once it has expired."""

    id: int
    load_test_id: int
    starts: UtcDatetime
    recurrence_rule: ReadRecurrenceRule | None = None
    cron: ReadCron | None = None
    deactivated: bool
    next_run: UtcDatetime | None = None
    created_by: str | None = None


class Schedules:
    """`/cloud/v6/schedules`, and the schedule of a load test."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(
        self, *, top: int | None = None, skip: int | None = None, count: bool | None = None
    ) -> Page[Schedule]:
        """One page of schedules (`schedules_list`)."""
        return await self._api.get(Page[Schedule], _PATH, {"$top": top, "$skip": skip, "$count": count})

    async def get(self, schedule_id: int) -> Schedule:
        """One schedule (`schedules_retrieve`)."""
        return await self._api.get(Schedule, f"{_PATH}/{schedule_id}")

    async def of_load_test(self, load_test_id: int) -> Schedule:
        """The schedule of a test (`load_tests_schedule_retrieve`). Raises NotFound when it has none."""
        return await self._api.get(Schedule, f"/cloud/v6/load_tests/{load_test_id}/schedule")

    async def create(self, load_test_id: int, schedule: CreateSchedule) -> Schedule:
        """Set the schedule of a test, in place of any it has (`load_tests_schedule_create`)."""
        path = f"/cloud/v6/load_tests/{load_test_id}/schedule"
        return parse(Schedule, await self._api.send("POST", path, json=body(schedule)))

    async def delete(self, schedule_id: int) -> None:
        """Delete a schedule (`schedules_destroy`)."""
        await self._api.delete(f"{_PATH}/{schedule_id}")

    async def activate(self, schedule_id: int) -> None:
        """Let a schedule start tests again (`schedule_activate`). Raises Conflict when it has expired."""
        await self._api.send("POST", f"{_PATH}/{schedule_id}/activate", repeatable=True)

    async def deactivate(self, schedule_id: int) -> None:
        """Keep a schedule from starting tests (`schedule_deactivate`)."""
        await self._api.send("POST", f"{_PATH}/{schedule_id}/deactivate", repeatable=True)
