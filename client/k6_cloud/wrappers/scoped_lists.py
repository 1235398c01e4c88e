"""Lists over all projects, as if there were only some: rows, `@count` and the next page are of those alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import islice
from typing import Any, Self

import httpx

from k6_cloud import paging
from k6_cloud.errors import NotFound
from k6_cloud.models import Json, Page
from k6_cloud.requests.api import Api
from k6_cloud.requests.concurrency import AT_ONCE, side_by_side
from k6_cloud.requests.owners import OfRows
from k6_cloud.wrappers.row_order import row_order

_LARGEST_PAGE = 1000
_LONGEST_FILTER = 100
_TESTS_OF_PROJECT = "/cloud/v6/projects/{}/load_tests"


@dataclass(frozen=True)
class _Rows:
    """The first rows of a list, and the number of all its rows."""

    rows: Sequence[Json] = ()
    total: int = 0


@dataclass(frozen=True)
class _Window:
    """The rows that a request asks for: from `first` to before `end`. `filters` are its other parameters."""

    first: int
    end: int
    counts: bool
    filters: Mapping[str, Any]

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Read the parameters of a list."""
        first = int(params.get("$skip", 0))
        filters = {name: value for name, value in params.items() if name not in ("$top", "$skip", "$count")}
        return cls(
            first, first + int(params.get("$top", _LARGEST_PAGE)), params.get("$count") is True, filters
        )

    def answer(self, path: str, found: _Rows) -> httpx.Response:
        """Answer the rows asked for, of the first rows of a list."""
        answer: Json = {"value": [*islice(found.rows, self.first, self.end)]}
        if self.counts:
            answer["@count"] = found.total
        if self.first < self.end < found.total:
            answer["@nextLink"] = f"{path}?$skip={self.end}"
        return _answered(path, answer)


async def reduced(
    api: Api, owner: OfRows, projects: frozenset[int], path: str, params: Mapping[str, Any] | None
) -> httpx.Response:
    """Answer a list over all projects with the rows of some projects."""
    if not owner.paged:
        page = await api.get(Page[Json], path)
        return _answered(path, {"value": _within(page.value, owner.field, projects)})
    window = _Window.of(params or {})
    if owner.by_project:
        return window.answer(path, await _by_project(api, owner.by_project, projects, window))
    within = await _tests_of(api, projects) if owner.field == "load_test_id" else projects
    return window.answer(path, await _filtered(api, path, owner, within, window))


async def _by_project(api: Api, path: str, projects: Iterable[int], window: _Window) -> _Rows:
    """Read the list of each project, as far as the answer needs it, and merge them in the order asked for."""
    order = str(window.filters.get("$orderby", "id"))
    filters = {**window.filters, "$orderby": order}
    parts = await side_by_side(
        partial(_first_rows, api, path.format(project), filters, window.end) for project in sorted(projects)
    )
    rows = merge(*(part.rows for part in parts), key=row_order(order))
    return _Rows([*islice(rows, window.end)], sum(part.total for part in parts))


async def _first_rows(api: Api, path: str, filters: Mapping[str, Any], end: int) -> _Rows:
    """Read the rows of a list before `end`. A project that does not exist has none."""
    rows: list[Json] = []
    total = 0
    try:
        async for page in paging.pages(_PageOf(api, path, filters, min(end, _LARGEST_PAGE)), ahead=AT_ONCE):
            rows += page.value
            total = len(rows) + bool(page.next_link) if page.count is None else page.count
            if len(rows) >= end:
                break
    except NotFound:
        return _Rows()
    return _Rows(rows, total)


async def _filtered(api: Api, path: str, owner: OfRows, within: Collection[int], window: _Window) -> _Rows:
    """Read a list from its start, as far as the answer needs it: the API cannot filter it by project, or need not."""
    filters = window.filters
    if owner.by_filter and owner.by_filter not in filters and len(within) <= _LONGEST_FILTER:
        filters = {**filters, owner.by_filter: ",".join(map(str, sorted(within)))}
    rows: list[Json] = []
    async for page in paging.pages(_PageOf(api, path, filters, _LARGEST_PAGE), ahead=AT_ONCE):
        rows += _within(page.value, owner.field, within)
        if len(rows) > window.end and not window.counts:
            break
    return _Rows(rows, len(rows))


async def _tests_of(api: Api, projects: Iterable[int]) -> frozenset[int]:
    """Read the ids of the load tests of some projects."""
    read = [partial(_first_rows, api, _TESTS_OF_PROJECT.format(one), {}, 2**63) for one in projects]
    return frozenset(row["id"] for tests in await side_by_side(read) for row in tests.rows)


@dataclass(frozen=True)
class _PageOf:
    """The pages of a list as JSON."""

    api: Api
    path: str
    filters: Mapping[str, Any]
    top: int

    async def __call__(self, *, skip: int | None, count: bool | None) -> Page[Json]:
        params = {**self.filters, "$top": self.top, "$skip": skip, "$count": count}
        return await self.api.get(Page[Json], self.path, params)


def _within(rows: Iterable[Json], field: str, ids: Collection[int]) -> list[Json]:
    return [row for row in rows if row.get(field) in ids]


def _answered(path: str, answer: Json) -> httpx.Response:
    return httpx.Response(200, json=answer, request=httpx.Request("GET", path))
