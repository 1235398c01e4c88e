"""Lists made for models: a short page, newest first, that says how much there is and how to get the rest."""

from collections.abc import AsyncIterable, Callable
from typing import Any, TypeVar

from k6_cloud.models import Page
from k6_cloud_mcp_tools.results import Rows

Item = TypeVar("Item")
Row = TypeVar("Row")
SCAN_PAGE = 1000
SCAN_LIMIT = 5000
# The id settles ties: without it, rows could be missing from one page and twice on another.
ORDER_BY = {
    "newest": "created desc,id desc",
    "oldest": "created,id",
    "name": "name,id",
    "updated": "updated desc,id desc",
}


def one_page(page: Page[Item], skip: int, to_row: Callable[[Item], Row]) -> Rows[Row]:
    """The rows of one page that was fetched with `$skip` and `$count`."""
    end = skip + len(page.value)
    total = page.count
    more = bool(page.value) and (end < total if total is not None else page.next_link is not None)
    return Rows(rows=[to_row(item) for item in page.value], total=total, next_skip=end if more else None)


async def search_pages(
    pages: AsyncIterable[Page[Any]], search: str, limit: int, skip: int, to_row: Callable[[Any], Row]
) -> Rows[Row]:
    """Rows whose name contains `search`, looking at no more than SCAN_LIMIT items.

    `scanned` counts the items looked at; `next_skip` is where the next call goes on, when any are left.
    """
    needle = search.casefold()
    rows: list[Row] = []
    scanned = 0
    total: int | None = None
    async for page in pages:
        total = page.count if page.count is not None else total
        for item in page.value:
            if len(rows) == limit or scanned == SCAN_LIMIT:
                return Rows(rows=rows, scanned=scanned, total=total, next_skip=skip + scanned)
            scanned += 1
            if needle in item.name.casefold():
                rows.append(to_row(item))
    return Rows(rows=rows, scanned=scanned, total=total)
