from collections.abc import AsyncGenerator

import anyio
import pytest
from support.organisation import Organisation, open_organisation

from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFound
from k6_cloud.wrappers.step_reads import StepReads


@pytest.fixture
async def organisation() -> AsyncGenerator[Organisation, None]:
    async with open_organisation() as opened:
        yield opened


async def read_at_once(k6: K6Cloud, test: int, times: int) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(k6.load_tests.get, test)


async def test_an_object_is_read_once_in_a_step_however_many_ask_for_it_at_once(organisation: Organisation):
    k6 = organisation.k6.reading_once(StepReads())
    await read_at_once(k6, organisation.ours.test, 5)
    assert await k6.load_tests.get(organisation.ours.test) == await organisation.k6.load_tests.get(
        organisation.ours.test
    )
    assert len(organisation.calls) == 2


async def test_the_checks_of_a_limited_client_share_the_read(organisation: Organisation):
    ours = organisation.ours
    k6 = organisation.k6.reading_once(StepReads()).limited_to(frozenset({ours.project}))
    await k6.load_tests.get(ours.test)
    await k6.load_tests.list_runs(ours.test, top=1)
    with await k6.load_tests.download_script(ours.test):
        pass
    assert sum(call == f"GET /cloud/v6/load_tests/{ours.test}" for call in organisation.calls) == 1


async def test_a_new_step_and_a_write_read_again(organisation: Organisation):
    reads, ours = StepReads(), organisation.ours
    k6 = organisation.k6.reading_once(reads)
    before = await k6.load_tests.get(ours.test)
    await organisation.k6.projects.update(ours.project, "renamed elsewhere")
    reads.begin()
    assert (await k6.projects.get(ours.project)).name == "renamed elsewhere"
    await k6.projects.update(ours.project, "renamed here")
    assert (await k6.projects.get(ours.project)).name == "renamed here"
    assert await k6.load_tests.get(ours.test) == before


async def test_lists_and_failures_are_read_anew(organisation: Organisation):
    k6 = organisation.k6.reading_once(StepReads())
    for _ in "ab":
        await k6.load_tests.list(top=1)
        with pytest.raises(NotFound):
            await k6.load_tests.get(999_999)
    assert len(organisation.calls) == 4


async def test_a_reader_that_is_cancelled_leaves_the_read_to_the_next(organisation: Organisation):
    k6 = organisation.k6.reading_once(StepReads())
    with anyio.move_on_after(0):
        await k6.load_tests.get(organisation.ours.test)
    assert (await k6.load_tests.get(organisation.ours.test)).id == organisation.ours.test
