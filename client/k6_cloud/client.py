"""The client: one object for the whole API."""

from collections.abc import AsyncGenerator

import httpx

from k6_cloud.api import AnyPage, Api, body, parse
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
from k6_cloud.scripts import DEFAULT_LIMIT
from k6_cloud.test_runs import TestRuns


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
        self._api = Api(http, retries or Retries())
        self.max_script_bytes = max_script_bytes
        self.load_tests = LoadTests(self._api, max_script_bytes)
        self.test_runs = TestRuns(self._api, max_script_bytes)
        self.metrics = Metrics(self._api)
        self.schedules = Schedules(self._api)
        self.projects = Projects(self._api)
        self.limits = Limits(self._api)
        self.load_zones = LoadZones(self._api)
        self.labels = Labels(self._api)

    async def authenticate(self, stack_url: str) -> Authentication:
        """The stack's id and default project (`auth`): proves that the token is valid for it."""
        return parse(
            Authentication, await self._api.send("GET", AUTH_PATH, headers={"X-Stack-Url": stack_url})
        )

    async def validate_options(self, request: ValidateOptions) -> ValidatedOptions:
        """Check k6 options and price them (`validate_options`). It changes nothing, so it is retried."""
        response = await self._api.send(
            "POST", "/cloud/v6/validate_options", json=body(request), repeatable=True
        )
        return parse(ValidatedOptions, response)

    async def pages(self, first: AnyPage) -> AsyncGenerator[AnyPage, None]:
        """`first` and the pages after it, each fetched when it is reached."""
        page: AnyPage | None = first
        while page is not None:
            yield page
            page = await self._api.follow(page)
