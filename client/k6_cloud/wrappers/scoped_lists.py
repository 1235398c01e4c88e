"""Lists over all projects, as if there were only some: rows, `@count` and the next page are of those alone."""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import httpx

from k6_cloud.api import Api
from k6_cloud.models import Json, Page

_LARGEST_PAGE = 1000
Keep = Callable[[Json], bool]


def query_of(path: str, params: Mapping[str, Any] | None) -> tuple[str, dict[str, str]]:
    """A path without its query, and the parameters of both."""
    plain, _, query = path.partition("?")
    return plain, dict(httpx.QueryParams(query).merge(params or {}))


async def rows_of(api: Api, path: str, params: Mapping[str, str] | None = None) -> AsyncGenerator[Json, None]:
    """All rows of a paged list, in its order."""
    page: Page[Json] | None = await api.get(Page[Json], path, {**(params or {}), "$top": _LARGEST_PAGE})
    while page is not None:
        for row in page.value:
            yield row
        page = await api.follow(page)


async def cut(api: Api, path: str, params: Mapping[str, str], keep: Keep) -> httpx.Response:
    """The page that `params` ask for of a list reduced to the rows to keep.

    The API cannot filter by project, so the list is read from its start, as far as the answer needs it.
    """
    wanted = {name: value for name, value in params.items() if name not in ("$top", "$skip", "$count")}
    first = max(0, int(params.get("$skip", 0)))
    end = first + min(int(params.get("$top", _LARGEST_PAGE)), _LARGEST_PAGE)
    counting = params.get("$count", "").lower() == "true"
    rows: list[Json] = []
    total = 0
    async for row in rows_of(api, path, wanted):
        if keep(row):
            if first <= total < end:
                rows.append(row)
            total += 1
        if total > end and not counting:
            break
    answer: Json = {"value": rows}
    if counting:
        answer["@count"] = total
    if first < end < total:
        answer["@nextLink"] = str(httpx.URL(path, params={**params, "$skip": end, "$top": end - first}))
    return answered(path, answer)


def answered(path: str, answer: Json) -> httpx.Response:
    """An answer of our own to a read of `path`."""
    return httpx.Response(200, json=answer, request=httpx.Request("GET", path))
