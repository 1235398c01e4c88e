"""The client: one object for the whole API."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, ParamSpec, Self, TypeVar

import httpx

from k6_cloud import paging
from k6_cloud.auth import AUTH_PATH
from k6_cloud.config.environment import address_of, credentials_of
from k6_cloud.labels import Labels
from k6_cloud.limits import Limits
from k6_cloud.load_tests import LoadTests
from k6_cloud.load_zones import LoadZones
from k6_cloud.metrics import Metrics
from k6_cloud.models import Authentication, Page, ValidatedOptions, ValidateOptions
from k6_cloud.projects import Projects
from k6_cloud.requests.answers import parse
from k6_cloud.requests.api import Api, HttpApi
from k6_cloud.requests.arguments import HeaderText, body, checked
from k6_cloud.requests.connection import DEFAULT_BASE_URL, connect
from k6_cloud.requests.owners import Unowned, owners_of_options
from k6_cloud.requests.retries import Retries
from k6_cloud.schedules import Schedules
from k6_cloud.scripts.script import DEFAULT_LIMIT
from k6_cloud.test_runs import TestRuns
from k6_cloud.wrappers.dry_run import VALIDATE_PATH, RehearsalApi
from k6_cloud.wrappers.project_scope import limited
from k6_cloud.wrappers.step_reads import StepApi, StepReads

Parameters = ParamSpec("Parameters")
Item = TypeVar("Item")


class K6Cloud:
    """The API of Grafana Cloud k6 over `http`, which knows the address and the credentials (see `connect`, `from_env`).

    Methods raise K6CloudError and nothing else: besides the errors that each one names, InvalidArgument (nothing was
    sent), Unauthorized, Forbidden, RateLimited, ServerFailure, NoAnswer and BadAnswer. Reads, deletes and other calls
    that can be repeated without doing the work twice are retried first. `max_script_bytes` limits scripts.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        max_script_bytes: int = DEFAULT_LIMIT,
        retries: Retries | None = None,
    ) -> None:
        self._assemble(HttpApi(http, retries or Retries()), max_script_bytes)

    @classmethod
    @asynccontextmanager
    async def from_env(
        cls,
        env: Mapping[str, str] | None = None,
        *,
        product: str = "",
        max_script_bytes: int = DEFAULT_LIMIT,
        retries: Retries | None = None,
    ) -> AsyncGenerator[Self, None]:
        """Open a client by the environment: `async with K6Cloud.from_env() as k6`.

        Reads K6_CLOUD_TOKEN, K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL, and K6_CLOUD_HOST_V6. What is not set is taken
        from the file that `k6 cloud login` writes. `product` names your program in the User-Agent, like `my-tool/1.0`.
        Raises ConfigurationError if the token or the stack is missing, or one of them cannot be used.
        """
        given = os.environ if env is None else env
        address = address_of(given, DEFAULT_BASE_URL)
        async with connect(credentials_of(given), address, product=product) as http:
            yield cls(http, max_script_bytes=max_script_bytes, retries=retries)

    def _assemble(self, api: Api, max_script_bytes: int) -> None:
        self._api = api
        self.max_script_bytes = max_script_bytes

    @cached_property
    def load_tests(self) -> LoadTests:
        """Load tests and their scripts."""
        return LoadTests(self._api, self.max_script_bytes)

    @cached_property
    def test_runs(self) -> TestRuns:
        """Test runs."""
        return TestRuns(self._api, self.max_script_bytes)

    @cached_property
    def metrics(self) -> Metrics:
        """Metrics of test runs."""
        return Metrics(self._api)

    @cached_property
    def schedules(self) -> Schedules:
        """Schedules of load tests."""
        return Schedules(self._api)

    @cached_property
    def projects(self) -> Projects:
        """Projects."""
        return Projects(self._api)

    @cached_property
    def limits(self) -> Limits:
        """Limits of projects."""
        return Limits(self._api)

    @cached_property
    def load_zones(self) -> LoadZones:
        """Load zones, public and private."""
        return LoadZones(self._api)

    @cached_property
    def labels(self) -> Labels:
        """Label keys, and the labels of projects."""
        return Labels(self._api)

    def _over(self, api: Api) -> Self:
        other = type(self).__new__(type(self))
        other._assemble(api, self.max_script_bytes)
        return other

    def limited_to(self, projects: frozenset[int]) -> Self:
        """Return a client on the same connection for these projects only: no other is read, written or listed.

        A call that would reach another project raises OutOfScope. Limited again, it reaches the common projects.
        """
        return self._over(limited(self._api, projects))

    def rehearsing(self) -> Self:
        """Return a client on the same connection for a dry run: the first write raises Rehearsed with its request."""
        return self._over(self._api.over(RehearsalApi))

    def reading_once(self, reads: StepReads) -> Self:
        """Return a client on the same connection that reads an object once for each step of `reads`."""
        return self._over(self._api.over(lambda inner: StepApi(inner, reads)))

    @checked
    async def authenticate(self, stack_url: HeaderText) -> Authentication:
        """Return the id of a stack and its default project, which proves that the token is valid for it.

        API operation: `auth`. Raises: Unauthorized; Forbidden (the token is not for this stack).
        """
        headers = {"X-Stack-Url": stack_url}
        answer = await self._api.send("GET", AUTH_PATH, headers=headers, owners=(Unowned(),))
        return parse(Authentication, answer)

    @checked
    async def validate_options(self, request: ValidateOptions) -> ValidatedOptions:
        """Check k6 options and return their price in VUh. It changes nothing, so it is retried.

        API operation: `validate_options`. Raises: BadRequest (its `error.details` name the options).
        """
        answer = await self._api.send(
            "POST",
            VALIDATE_PATH,
            json=body(request),
            repeatable=True,
            owners=owners_of_options(request.options, request.project_id),
        )
        return parse(ValidatedOptions, answer)

    def pages(
        self,
        listed: Callable[Parameters, Awaitable[Page[Item]]],
        *args: Parameters.args,
        **filters: Parameters.kwargs,
    ) -> AsyncGenerator[Page[Item], None]:
        """Iterate over the pages of a list method: `k6.pages(k6.load_tests.list, project_id=3, top=100)`.

        Each page is fetched when it is reached. Raises: the errors of the list method.
        """
        given: dict[str, Any] = dict(filters)
        start = given.pop("skip", None) or 0

        async def page_at(*, skip: int | None, count: bool | None) -> Page[Item]:
            counted = {} if count is None else {"count": count}
            return await listed(*args, **{**given, **counted, "skip": skip})  # pyright: ignore[reportCallIssue]

        return paging.pages(page_at, start)
