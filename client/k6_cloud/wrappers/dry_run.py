"""Dry runs: reads are sent; the first request that would change something is shown instead of sent."""

import hashlib
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

import httpx
from pydantic import BaseModel

from k6_cloud.models import Json
from k6_cloud.requests.api import Api, Owners
from k6_cloud.scripts.script import CHUNK, Script

VALIDATE_PATH = "/cloud/v6/validate_options"
# The headers that are shown: a credential in a header that nobody thought of is left out.
_KEPT_HEADERS = frozenset({"content-type", "k6-idempotency-key"})


class UnsentRequest(BaseModel):
    """A request as it would have been sent, without credentials. `path` includes the query.

    `body` is the JSON itself; of anything else it is the size (bytes) and SHA-256, in a form by part.
    """

    method: str
    path: str
    headers: dict[str, str] = {}
    body: Json | None = None


class Rehearsed(Exception):
    """The dry run reached its first request that would change something. Nothing was changed."""

    def __init__(self, request: UnsentRequest) -> None:
        super().__init__(f"{request.method} {request.path} was not sent: this is a dry run.")
        self.request = request


@dataclass(frozen=True)
class RehearsalApi(Api):
    """Passes reads on to `inner`; the first write ends in Rehearsed."""

    inner: Api

    async def send(
        self, method: str, path: str, *, owners: Owners = (), repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send a read. Raises Rehearsed for a write."""
        if method == "GET" or (method, path) == ("POST", VALIDATE_PATH):
            return await self.inner.send(method, path, owners=owners, repeatable=repeatable, **request)
        raise Rehearsed(await _unsent(method, path, **request))

    async def delete(self, path: str, *, owners: Owners = ()) -> None:  # noqa: ARG002
        """Raise Rehearsed."""
        raise Rehearsed(await _unsent("DELETE", path))

    async def download(self, path: str, accept: str, limit: int, *, owners: Owners = ()) -> Script:
        """Read a script."""
        return await self.inner.download(path, accept, limit, owners=owners)


async def _unsent(
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Json | None = None,
    files: Mapping[str, tuple[str | None, Any]] | None = None,
    content: Callable[[], AsyncIterable[bytes]] | None = None,
) -> UnsentRequest:
    """Return the request that these arguments make."""
    kept = {name: value for name, value in (headers or {}).items() if name.lower() in _KEPT_HEADERS}
    body = json
    if json is not None:
        kept["Content-Type"] = "application/json"
    elif files is not None:
        kept["Content-Type"] = "multipart/form-data"
        body = {
            name: value if isinstance(value, str) else _of_file(value) for name, (_, value) in files.items()
        }
    elif content is not None:
        body = await _of_chunks(content())
    url = httpx.URL(path, params=params) if params else path
    return UnsentRequest(method=method, path=str(url), headers=kept, body=body)


def _of_file(file: IO[bytes]) -> Json:
    digest = hashlib.sha256()
    while piece := file.read(CHUNK):
        digest.update(piece)
    return {"bytes": file.tell(), "sha256": digest.hexdigest()}


async def _of_chunks(chunks: AsyncIterable[bytes]) -> Json:
    size, digest = 0, hashlib.sha256()
    async for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}
