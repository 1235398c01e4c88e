from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from k6_cloud.models import Page, Project
from k6_cloud_mcp_tools.paging import SCAN_LIMIT, one_page, search_pages
from k6_cloud_mcp_tools.results import Rows


def item(number: int, name: str) -> Project:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Project(id=number, name=name, is_default=False, created=time, updated=time)


def name_of(project: Project) -> str:
    return project.name


def page_of(*names: str, count: int | None = None, next_link: str | None = None) -> Page[Project]:
    value = [item(number, name) for number, name in enumerate(names, 1)]
    return Page[Project].model_validate({"value": value, "@count": count, "@nextLink": next_link})


async def pages_of(names: list[str], skip: int = 0, size: int = 1000) -> AsyncGenerator[Page[Project], None]:
    """What the service would send from `skip` on."""
    for start in range(skip, len(names), size):
        yield page_of(*names[start : start + size], count=len(names))


@pytest.mark.parametrize(
    ("page", "skip", "expected"),
    [
        (page_of("a", "b", count=5), 0, Rows(rows=["a", "b"], total=5, next_skip=2)),
        (page_of("e", count=5), 4, Rows(rows=["e"], total=5)),
        (page_of(count=5), 9, Rows[str](rows=[], total=5)),
        (page_of(count=0), 0, Rows[str](rows=[], total=0)),
        (page_of("a", next_link="https://api.k6.io/?$skip=1"), 0, Rows(rows=["a"], next_skip=1)),
        (page_of("a"), 0, Rows(rows=["a"])),
    ],
    ids=["first", "last", "past the end", "empty", "uncounted", "uncounted last"],
)
def test_a_page_tells_where_the_next_one_starts(page: Page[Project], skip: int, expected: Rows[str]):
    assert one_page(page, skip, name_of) == expected


def test_an_empty_page_never_sends_the_caller_in_circles():
    assert one_page(page_of(count=5), 2, name_of).next_skip is None


async def test_a_search_ignores_case_and_counts_what_it_looked_at():
    found = await search_pages(pages_of(["Über", "other", "ÜBER 2"]), "über", 20, 0, name_of)
    assert found == Rows(rows=["Über", "ÜBER 2"], scanned=3, total=3)


async def test_a_search_that_fills_its_limit_with_the_last_item_is_at_the_end():
    found = await search_pages(pages_of(["x", "hit", "hit"]), "hit", 2, 0, name_of)
    assert found == Rows(rows=["hit", "hit"], scanned=3, total=3)


async def test_a_search_crosses_pages_and_walks_every_hit_once():
    names = [f"hit {number}" if number % 3 == 0 else "miss" for number in range(50)]
    walked: list[str] = []
    skip: int | None = 0
    while skip is not None:
        found = await search_pages(pages_of(names, skip, size=7), "hit", 4, skip, name_of)
        walked += found.rows
        skip = found.next_skip
    assert walked == [name for name in names if name != "miss"]


async def test_a_search_stops_at_the_scan_limit_and_goes_on_from_there():
    names = ["miss"] * (SCAN_LIMIT + 10) + ["hit"]
    first = await search_pages(pages_of(names), "hit", 20, 0, name_of)
    assert first == Rows[str](rows=[], scanned=SCAN_LIMIT, total=len(names), next_skip=SCAN_LIMIT)
    rest = await search_pages(pages_of(names, SCAN_LIMIT), "hit", 20, SCAN_LIMIT, name_of)
    assert rest == Rows(rows=["hit"], scanned=11, total=len(names))


async def test_a_search_in_an_empty_list_looked_at_nothing():
    assert await search_pages(pages_of([]), "hit", 20, 0, name_of) == Rows[str](rows=[], scanned=0)
