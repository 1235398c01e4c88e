"""Lists of the API: one page after the other, several side by side, or every item of all pages.

A page is asked for by `$skip`, as the links of the API do. The links themselves are not followed: they name
another address, to which the token must not go.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from k6_cloud.errors import BadAnswer
from k6_cloud.models import Page
from k6_cloud.requests.concurrency import side_by_side

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class PageAt(Protocol[Item]):
    """A list method with its filters: fetches the page that begins at `skip`."""

    def __call__(self, *, skip: int | None, count: bool | None) -> Awaitable[Page[Item]]: ...


class _Whole(Protocol[Item_co]):
    """A list that the API answers whole."""

    @property
    def value(self) -> Sequence[Item_co]: ...


async def pages(page_at: PageAt[Item], skip: int = 0, ahead: int = 1) -> AsyncGenerator[Page[Item], None]:
    """Yield the page at `skip` and all after it, each fetched when it is reached.

    With `ahead`, up to so many are fetched side by side: the first page says how many items there are.
    """
    page = await page_at(skip=skip or None, count=ahead > 1 or None)
    size = len(page.value)
    yield page
    skip += size
    while page.value and page.next_link:
        before = page
        places = _places(skip, size, page.count, ahead)
        for place, page in zip(places, await _fetched(page_at, places), strict=True):
            _require_progress(before, page)
            yield page
            skip = place + len(page.value)
            if len(page.value) < size:
                break


async def items(page_at: PageAt[Item], skip: int = 0, ahead: int = 1) -> AsyncGenerator[Item, None]:
    """Yield every item from `skip` on, see `pages`."""
    async for page in pages(page_at, skip, ahead):
        for item in page.value:
            yield item


async def rows(whole: Callable[[], Awaitable[_Whole[Item]]]) -> AsyncGenerator[Item, None]:
    """Yield every item of a list that the API answers whole, without pages."""
    for item in (await whole()).value:
        yield item


def _places(skip: int, size: int, count: int | None, ahead: int) -> Sequence[int]:
    """Return the beginnings of the next pages: one, if it is not known how many items there are."""
    return range(skip, max(count or 0, skip + 1), size)[:ahead]


async def _fetched(page_at: PageAt[Item], places: Sequence[int]) -> Sequence[Page[Item]]:
    count = len(places) > 1 or None
    return await side_by_side([partial(page_at, skip=place, count=count) for place in places])


def _require_progress(before: Page[Any], page: Page[Any]) -> None:
    if page.value and page.value == before.value:
        raise BadAnswer(
            "The list repeats its last page instead of going on. The pages before it are complete."
        )
