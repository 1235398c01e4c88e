"""The client: one object for the whole API."""

from collections.abc import AsyncGenerator
from typing import Self

import httpx

from k6_cloud.api import AnyPage, Api, HttpApi, body, parse
from k6_cloud.auth import AUTH_PATH
from k6_cloud.labels import Labels
from k6_cloud.limits import Limits
from k6_cloud.load_tests import LoadTests
from k6_cloud.load_zones import LoadZones
from k6_cloud.metrics import Metrics
from k6_cloud.models import Authentication, ValidatedOptions, ValidateOptions
from k6_cloud.projects import Projects
from k6_cloud.retries import Retries
from k6_cloud.schedules import Schedules
from k6_cloud.scripts.script import DEFAULT_LIMIT
from k6_cloud.test_runs import TestRuns
from k6_cloud.wrappers.dry_run import VALIDATE_PATH, RehearsalApi
from k6_cloud.wrappers.project_scope import ScopedApi


class K6Cloud:
    """Grafana Cloud k6 behind `http`, whose base URL and auth say where and who (see `connect`).

    Every method raises a `K6CloudError`; reads and other repeatable calls are retried first.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        max_script_bytes: int = DEFAULT_LIMIT,
        retries: Retries | None = None,
    ) -> None:
        self._assemble(HttpApi(http, retries or Retries()), max_script_bytes)

    def _assemble(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self.max_script_bytes = max_script_bytes
        self.load_tests = LoadTests(api, max_script_bytes)
        self.test_runs = TestRuns(api, max_script_bytes)
        self.metrics = Metrics(api)
        self.schedules = Schedules(api)
        self.projects = Projects(api)
        self.limits = Limits(api)
        self.load_zones = LoadZones(api)
        self.labels = Labels(api)

    def _over(self, api: Api) -> Self:
        other = type(self).__new__(type(self))
        other._assemble(api, self.max_script_bytes)
        return other

    def limited_to(self, projects: frozenset[int]) -> Self:
        """The same connection, reaching nothing outside these projects: no write, no read, no row of a list.

        What it would reach raises OutOfScope. Limited again, it reaches what both limits allow.
        """
        return self._over(ScopedApi(self._api, projects))

    def rehearsing(self) -> Self:
        """The same connection for a dry run: reads are sent, the first write raises Rehearsed with its request."""
        return self._over(self._api.over(RehearsalApi))

    async def authenticate(self, stack_url: str) -> Authentication:
        """The stack's id and default project (`auth`): proves that the token is valid for it."""
        return parse(
            Authentication, await self._api.send("GET", AUTH_PATH, headers={"X-Stack-Url": stack_url})
        )

    async def validate_options(self, request: ValidateOptions) -> ValidatedOptions:
        """Check k6 options and price them (`validate_options`). It changes nothing, so it is retried."""
        response = await self._api.send("POST", VALIDATE_PATH, json=body(request), repeatable=True)
        return parse(ValidatedOptions, response)

    async def pages(self, first: AnyPage) -> AsyncGenerator[AnyPage, None]:
        """`first` and the pages after it, each fetched when it is reached."""
        page: AnyPage | None = first
        while page is not None:
            yield page
            page = await self._api.follow(page)
