from typing import Any

import pytest
from support.organisation import (
    ITERATIONS,
    LISTS,
    WRITES,
    Ids,
    Listing,
    Organisation,
    Page,
    open_organisation,
    script,
)

from k6_cloud.client import K6Cloud
from k6_cloud.errors import OutOfScope

OURS = frozenset({1})
PRIVATE_ZONE = "sandbox-private"


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_over_all_projects_shows_ours_alone(name: str):
    async with open_organisation() as organisation:
        k6, asked = organisation.k6, Page(count=True)
        everything = await LISTS[name](k6, asked)
        ours = await LISTS[name](k6.limited_to(OURS), asked)

        assert (everything.count, ours.count) == (2, 1)
        assert ours.value == [row for row in everything.value if belongs_to_us(row, organisation)]
        assert ours.next_link is None


def belongs_to_us(row: Any, organisation: Organisation) -> bool:
    fields: dict[str, Any] = row.model_dump()
    if "load_test_id" in fields:
        return fields["load_test_id"] == organisation.ours.test
    return fields.get("project_id", fields.get("id")) == organisation.ours.project


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "page", [Page(), Page(top=2), Page(top=2, skip=1, count=True), Page(top=0, count=True)]
)
async def test_pages_of_a_reduced_list_are_those_of_a_list_of_its_rows(name: str, page: Page):
    async with open_organisation() as organisation:
        k6 = organisation.k6
        for number in (3, 4, 5):
            await add_project(k6, number)
        ours = frozenset({1, 2, 3, 4, 5})
        whole = await all_pages(LISTS[name], k6, page)
        free = await LISTS[name](k6, page)
        await add_project(k6, 6)

        limited = await LISTS[name](k6.limited_to(ours), page)

        assert (limited.value, limited.count) == (free.value, free.count)
        assert await all_pages(LISTS[name], k6.limited_to(ours), page) == whole


async def all_pages(listing: Listing, k6: K6Cloud, page: Page) -> list[list[Any]]:
    """The pages from one on, as far as they go."""
    found, skip = [await listing(k6, page)], page.get("skip", 0)
    while found[-1].value and found[-1].next_link:
        skip += len(found[-1].value)
        found.append(await listing(k6, {**page, "skip": skip}))
    return [[*one.value] for one in found]


@pytest.mark.parametrize("name", ITERATIONS)
async def test_items_of_all_pages_are_ours_alone(name: str):
    async with open_organisation() as organisation:
        k6 = organisation.k6
        everything = [row async for row in ITERATIONS[name](k6)]
        ours = [row async for row in ITERATIONS[name](k6.limited_to(OURS))]

        assert len(everything) == 2
        assert ours == [row for row in everything if belongs_to_us(row, organisation)]


async def test_load_tests_are_read_project_by_project_and_none_of_another():
    async with open_organisation() as organisation:
        k6 = organisation.k6
        organisation.requests.clear()

        await k6.limited_to(frozenset({1, 2})).load_tests.list(top=5, count=True)

        assert sorted(organisation.calls) == [f"GET /cloud/v6/projects/{one}/load_tests" for one in (1, 2)]
        assert {request.url.params["$top"] for request in organisation.requests} == {"5"}


async def test_limits_are_asked_for_by_project():
    async with open_organisation() as organisation:
        await organisation.k6.limited_to(OURS).limits.list()

        assert [request.url.params["project_id_in"] for request in organisation.requests] == ["1"]


async def test_rows_of_several_projects_come_in_the_order_asked_for():
    async with open_organisation() as organisation:
        k6 = organisation.k6
        for project, name in ((1, "b"), (2, "a"), (1, "d"), (2, "c")):
            await k6.load_tests.create(project, name)
        limited = k6.limited_to(frozenset({1, 2}))

        by_name = [test.name async for test in limited.load_tests.iterate(order_by="name desc")]
        newest = await limited.load_tests.list(order_by="created desc,id desc", top=3, skip=1)

        assert by_name == ["d", "c", "b", "a", "Checkout", "Checkout"]
        assert [test.name for test in newest.value] == ["d", "a", "b"]


async def add_project(k6: K6Cloud, number: int) -> None:
    """Another project with a test, a run and a schedule."""
    project = await k6.projects.create(f"Project {number}")
    with script() as source:
        test = await k6.load_tests.create(project.id, "More", source)
    await k6.load_tests.start(test.id)
    await WRITES["schedules.create"](k6, Ids(project.id, test.id, 0, 0))


async def test_the_projects_of_a_load_zone_are_ours_alone():
    async with open_organisation() as organisation:
        k6 = organisation.k6
        zone = (await k6.load_zones.list(PRIVATE_ZONE)).value[0].id
        await k6.load_zones.set_projects(zone, [1, 2])

        assert [project.id for project in (await k6.limited_to(OURS).load_zones.projects(zone)).value] == [1]


async def test_limits_asked_for_by_project_are_refused_for_another():
    async with open_organisation() as organisation:
        limited = organisation.k6.limited_to(OURS)

        assert len((await limited.limits.list(project_ids=[1])).value) == 1
        with pytest.raises(OutOfScope, match="Project 2"):
            await limited.limits.list(project_ids=[1, 2])


async def test_a_project_that_is_gone_leaves_the_schedules_of_the_others():
    async with open_organisation() as organisation:
        schedules = await organisation.k6.limited_to(frozenset({1, 99})).schedules.list()

        assert [schedule.id for schedule in schedules.value] == [organisation.ours.schedule]
