"""Schedules, by which load tests start by themselves. A test has one at most."""

from collections.abc import AsyncGenerator
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from k6_cloud import paging
from k6_cloud.models import IsoDatetime, Page, Request, Response, UtcDatetime, require_iso
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api
from k6_cloud.requests.arguments import Ahead, Count, Id, Top, body, checked, checked_start
from k6_cloud.requests.owners import OfLoadTest, OfRows, OfSchedule

_PATH = "/cloud/v6/schedules"
_OF_LOAD_TEST = "/cloud/v6/load_tests/{}/schedule"

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
    """The times to start: `starts` alone is once; a rule or a cron line repeats it. `starts` needs a time zone."""

    starts: Annotated[AwareDatetime, BeforeValidator(require_iso)]
    recurrence_rule: RecurrenceRule | None = None
    cron: Cron | None = None

    @model_validator(mode="after")
    def _one_way_to_repeat(self) -> Self:
        if self.recurrence_rule and self.cron:
            raise ValueError("give recurrence_rule or cron, not both")
        return self


class ReadRecurrenceRule(Response):
    """A rule as the API answers it."""

    frequency: str
    interval: int = 1
    byday: list[str] | None = None
    until: UtcDatetime | None = None
    count: int | None = None


class ReadCron(Response):
    """A cron line as the API answers it."""

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

    @checked
    async def list(
        self, *, top: Top | None = None, skip: Count | None = None, count: bool | None = None
    ) -> Page[Schedule]:
        """Return one page of schedules. `top` rows from `skip` on: 0 to 1000, by default 1000.

        API operation: `schedules_list`. Raises: BadRequest.
        """
        params = {"$top": top, "$skip": skip, "$count": count}
        return await self._api.get(Page[Schedule], _PATH, params, owners=(OfRows("load_test_id"),))

    @checked_start
    def iterate(self, *, skip: Count = 0, ahead: Ahead = 1) -> AsyncGenerator[Schedule, None]:
        """Iterate over schedules. With `ahead`, up to 8 pages of 1000 are fetched side by side.

        API operation: `schedules_list`. Raises: BadRequest.
        """
        return paging.items(self.list, skip, ahead)

    @checked
    async def get(self, schedule_id: Id) -> Schedule:
        """Return a schedule. API operation: `schedules_retrieve`. Raises: NotFound."""
        return await self._api.get(Schedule, f"{_PATH}/{schedule_id}", owners=(OfSchedule(schedule_id),))

    @checked
    async def of_load_test(self, load_test_id: Id) -> Schedule:
        """Return the schedule of a load test. API operation: `load_tests_schedule_retrieve`.

        Raises: NotFound (also if the test has no schedule).
        """
        path = _OF_LOAD_TEST.format(load_test_id)
        return await self._api.get(Schedule, path, owners=(OfLoadTest(load_test_id),))

    @checked
    async def create(self, load_test_id: Id, schedule: CreateSchedule) -> Schedule:
        """Set the schedule of a load test, in place of any it has, and return it. Never repeated.

        API operation: `load_tests_schedule_create`. Raises: NotFound; BadRequest (cron line, time zone, times).
        """
        path, owners = _OF_LOAD_TEST.format(load_test_id), (OfLoadTest(load_test_id),)
        return parse(Schedule, await self._api.send("POST", path, json=body(schedule), owners=owners))

    @checked
    async def delete(self, schedule_id: Id) -> None:
        """Delete a schedule. API operation: `schedules_destroy`. Raises: NotFound."""
        await self._api.delete(f"{_PATH}/{schedule_id}", owners=(OfSchedule(schedule_id),))

    @checked
    async def activate(self, schedule_id: Id) -> None:
        """Let a schedule start tests again. API operation: `schedule_activate`.

        Raises: Conflict (the schedule has expired); NotFound.
        """
        path, owners = f"{_PATH}/{schedule_id}/activate", (OfSchedule(schedule_id),)
        await self._api.act("POST", path, repeatable=True, owners=owners)

    @checked
    async def deactivate(self, schedule_id: Id) -> None:
        """Keep a schedule from starting tests. API operation: `schedule_deactivate`. Raises: NotFound."""
        path, owners = f"{_PATH}/{schedule_id}/deactivate", (OfSchedule(schedule_id),)
        await self._api.act("POST", path, repeatable=True, owners=owners)
