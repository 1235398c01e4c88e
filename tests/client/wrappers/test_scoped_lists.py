from typing import Any

import pytest
from support.organisation import LISTS, WRITES, Ids, Organisation, Page, open_organisation, script

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
        whole = (
            [[*one.value] async for one in k6.pages(await LISTS[name](k6, page))]
            if page.get("top") != 0
            else []
        )
        free = await LISTS[name](k6, page)
        await add_project(k6, 6)

        limited = await LISTS[name](k6.limited_to(ours), page)

        assert (limited.value, limited.count) == (free.value, free.count)
        if whole:
            assert [[*one.value] async for one in k6.limited_to(ours).pages(limited)] == whole


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
