"""Requests to the API: sent, repeated if that is safe, and their failures turned into errors."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import httpx

from k6_cloud.errors import InvalidArgument, K6CloudError, NotFound
from k6_cloud.requests.answers import Model, parse, require_no_page, require_script
from k6_cloud.requests.failures import error_from_response, error_from_transport
from k6_cloud.requests.owners import Owner
from k6_cloud.requests.recent import RecentAnswers
from k6_cloud.requests.retries import NO_RETRIES, Retries
from k6_cloud.scripts.script import Script

Owners = Sequence[Owner]
Result = TypeVar("Result")
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class Api(ABC):
    """The requests that operations are made of: each goes through `send`, `delete` or `download`.

    `owners` declares the project that a request belongs to (see `requests.owners`); without it, a client that is
    limited to some projects refuses the request.
    """

    @abstractmethod
    async def send(
        self, method: str, path: str, *, owners: Owners = (), repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send a request and read its answer. `content` is a function, so that a repeat can start over."""

    @abstractmethod
    async def delete(self, path: str, *, owners: Owners = ()) -> None:
        """Delete once: if a repeat finds nothing, an earlier try did it."""

    @abstractmethod
    async def download(self, path: str, accept: str, limit: int, *, owners: Owners = ()) -> Script:
        """Read a script in pieces. Raises ScriptTooLarge over `limit` bytes."""

    def over(self, wrap: "Callable[[Api], Api]") -> "Api":
        """Return this api with `wrap` around the part that sends, inside of anything else around that part."""
        return wrap(self)

    async def get(
        self,
        model: type[Model],
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        owners: Owners = (),
        fresh_for: float = 0.0,
    ) -> Model:
        """Read one JSON document; with `fresh_for`, an answer of the last seconds will do."""
        fresh: dict[str, Any] = {"fresh_for": fresh_for} if fresh_for else {}
        return parse(model, await self.send("GET", path, params=_given(params), owners=owners, **fresh))

    async def act(self, method: str, path: str, *, owners: Owners = (), **request: Any) -> None:
        """Send a request whose answer has no content."""
        require_no_page(await self.send(method, path, owners=owners, **request))


@dataclass(frozen=True)
class HttpApi(Api):
    """Sends requests on `http`. GET, PUT and DELETE are retried, other methods only if `repeatable`."""

    http: httpx.AsyncClient
    retries: Retries
    recent: RecentAnswers = field(default_factory=RecentAnswers)

    async def delete(self, path: str, *, owners: Owners = ()) -> None:  # noqa: ARG002 - for limited clients
        """Delete once, see Api."""

        async def attempt(number: int) -> None:
            try:
                require_no_page(await self._once("DELETE", path))
            except NotFound:
                if number == 1:
                    raise

        await self.retries.run(attempt)

    async def send(
        self,
        method: str,
        path: str,
        *,
        owners: Owners = (),  # noqa: ARG002
        repeatable: bool = False,
        fresh_for: float = 0.0,
        **request: Any,
    ) -> httpx.Response:
        """Send a request and read its answer, see Api."""
        safe = repeatable or method in _IDEMPOTENT

        async def send() -> httpx.Response:
            return await self._retrying(lambda: self._once(method, path, **request), safe=safe)

        if not fresh_for:
            return await send()
        return await self.recent.read(path, str(request.get("params")), fresh_for, send)

    async def download(self, path: str, accept: str, limit: int, *, owners: Owners = ()) -> Script:  # noqa: ARG002
        """Read a script, see Api."""
        return await self._retrying(lambda: self._download(path, accept, limit))

    async def _retrying(self, call: Callable[[], Awaitable[Result]], *, safe: bool = True) -> Result:
        """Run `call`, and repeat it on a passing failure if that is `safe`."""
        return await (self.retries if safe else NO_RETRIES).run(lambda _: call())

    async def _download(self, path: str, accept: str, limit: int) -> Script:
        async with self._stream(path, accept) as response:
            return await Script.from_stream(response.aiter_bytes(), limit)

    @asynccontextmanager
    async def _stream(self, path: str, accept: str) -> AsyncGenerator[httpx.Response, None]:
        """Read a response in pieces. Raises its error if it is not a success."""
        with _failures("GET", path):
            request = self._request("GET", path, headers={"Accept": accept})
            response = await self.http.send(request, stream=True)
            try:
                await _check(response)
                require_script(response)
                yield response
            finally:
                await response.aclose()

    async def _once(
        self, method: str, path: str, content: Callable[[], Any] | None = None, **request: Any
    ) -> httpx.Response:
        with _failures(method, path):
            sent = self._request(method, path, content=content() if content else None, **request)
            try:
                response = await self.http.send(sent)
            finally:
                if method != "GET":
                    self.recent.written(path)
            await _check(response)
            return response

    def _request(self, method: str, path: str, **request: Any) -> httpx.Request:
        """Build a request. Raises InvalidArgument for text that no request can carry."""
        if self.http.is_closed:
            raise K6CloudError(
                "The client is closed. Nothing was sent. Use it inside its `async with` block."
            )
        _refuse_dots(path)
        try:
            return self.http.build_request(method, path, **request)
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            raise InvalidArgument(
                f"No {method} request can be made of the arguments ({error}). Nothing was sent. Correct them."
            ) from error


def _given(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the parameters that have a value; None if there are none, which keeps a query in the path as it is."""
    return {name: value for name, value in (params or {}).items() if value is not None} or None


def _refuse_dots(path: str) -> None:
    """Refuse `..` in a path: it would be resolved, and the request would mean another object."""
    if not {".", ".."}.isdisjoint(unquote(urlsplit(path).path).split("/")):
        raise InvalidArgument(
            "A name in the address is only dots, which no service takes. Nothing was sent. Use another name."
        )


async def _check(response: httpx.Response) -> None:
    if not response.is_success:
        await response.aread()
        raise error_from_response(response)


@contextmanager
def _failures(method: str, path: str) -> Generator[None, None, None]:
    try:
        yield
    except httpx.RequestError as error:
        raise error_from_transport(error, f"{method} {urlsplit(path).path}") from error
