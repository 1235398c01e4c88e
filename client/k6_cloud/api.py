"""One request to the API: sent, retried where that is safe, and its failure turned into an error."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from k6_cloud.errors import (
    BadAnswer,
    K6CloudError,
    NotFound,
    error_from_response,
    error_from_transport,
)
from k6_cloud.models import Page, Request
from k6_cloud.retries import NO_RETRIES, Retries
from k6_cloud.scripts.script import Script

Model = TypeVar("Model", bound=BaseModel)
AnyPage = TypeVar("AnyPage", bound=Page[Any])
Result = TypeVar("Result")
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class Api(ABC):
    """What the operations are made of. All of them go through `send`, `delete` and `download`."""

    @abstractmethod
    async def send(
        self, method: str, path: str, *, repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send and read a request. `content`, where given, is a function, so that a retry can start over."""

    @abstractmethod
    async def delete(self, path: str) -> None:
        """Delete once: a repeat that finds nothing left means that an earlier try did it."""

    @abstractmethod
    async def download(self, path: str, accept: str, limit: int) -> Script:
        """A script, read piece by piece. Raises ScriptTooLarge past `limit` bytes."""

    def over(self, wrap: "Callable[[Api], Api]") -> "Api":
        """This api with `wrap` around what finally sends: inside of whatever else is around that."""
        return wrap(self)

    async def get(self, model: type[Model], path: str, params: Mapping[str, Any] | None = None) -> Model:
        """Read one JSON document."""
        return parse(model, await self.send("GET", path, params=_given(params)))

    async def follow(self, page: AnyPage) -> AnyPage | None:
        """The page after `page`. Of its link only path and query are used, on the configured address."""
        if not page.next_link:
            return None
        return await self.get(type(page), _path_and_query(page.next_link))


@dataclass(frozen=True)
class HttpApi(Api):
    """Sends requests on `http`. GET, PUT and DELETE are retried; other methods only with `repeatable`."""

    http: httpx.AsyncClient
    retries: Retries

    async def delete(self, path: str) -> None:
        """Delete once, see Api."""

        async def attempt(number: int) -> None:
            try:
                await self._once("DELETE", path)
            except NotFound:
                if number == 1:
                    raise

        await self.retries.run(attempt)

    async def send(
        self, method: str, path: str, *, repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send and read a request, see Api."""
        return await self._retrying(
            lambda: self._once(method, path, **request), safe=repeatable or method in _IDEMPOTENT
        )

    async def _retrying(self, call: Callable[[], Awaitable[Result]], *, safe: bool = True) -> Result:
        """Run `call`, again on a passing failure where that is `safe`."""
        return await (self.retries if safe else NO_RETRIES).run(lambda _: call())

    async def download(self, path: str, accept: str, limit: int) -> Script:
        """A script, see Api."""
        return await self._retrying(lambda: self._download(path, accept, limit))

    async def _download(self, path: str, accept: str, limit: int) -> Script:
        async with self._stream(path, accept) as response:
            return await Script.from_stream(response.aiter_bytes(), limit)

    @asynccontextmanager
    async def _stream(self, path: str, accept: str) -> AsyncGenerator[httpx.Response, None]:
        """Read a response piece by piece. Raises the error it stands for when it is not a success."""
        _refuse_dots(path)
        with _transport_errors("GET", path):
            async with self.http.stream("GET", path, headers={"Accept": accept}) as response:
                await _check(response)
                yield response

    async def _once(
        self, method: str, path: str, content: Callable[[], Any] | None = None, **request: Any
    ) -> httpx.Response:
        _refuse_dots(path)
        with _transport_errors(method, path):
            response = await self.http.request(
                method, path, content=content() if content else None, **request
            )
            await _check(response)
            return response


def parse(model: type[Model], response: httpx.Response) -> Model:
    """Read a success body. Raises BadAnswer when it is not what the API documents."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        call = f"{response.request.method} {response.request.url.path}"
        raise BadAnswer(
            f"{call} succeeded, but its answer is not the documented {model.__name__} "
            f"({error.error_count()} problems). Check that the configured address is the k6 API."
        ) from error


def body(request: Request) -> dict[str, Any]:
    """The JSON of a request, without the fields that were not given."""
    return request.model_dump(mode="json", exclude_unset=True)


def _path_and_query(link: str) -> str:
    """What of a link is safe to use. One leading slash: two would name a host."""
    try:
        return "/" + httpx.URL(link).raw_path.decode().lstrip("/")
    except httpx.InvalidURL as error:
        raise BadAnswer(
            "The link to the next page is not a URL. The pages before it are complete."
        ) from error


def _given(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The parameters that have a value; None when there are none, which keeps a query in the path as it is."""
    return {name: value for name, value in (params or {}).items() if value is not None} or None


def _refuse_dots(path: str) -> None:
    """Raise for a `..` in a path: it would be resolved, and the request would mean another object."""
    if not {".", ".."}.isdisjoint(unquote(urlsplit(path).path).split("/")):
        raise K6CloudError("A name in the address is only dots, which no service takes. Nothing was sent.")


async def _check(response: httpx.Response) -> None:
    if not response.is_success:
        await response.aread()
        raise error_from_response(response)


@contextmanager
def _transport_errors(method: str, path: str) -> Generator[None, None, None]:
    try:
        yield
    except httpx.RequestError as error:
        raise error_from_transport(error, f"{method} {urlsplit(path).path}") from error
