from collections.abc import Callable

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.servers import World

from k6_cloud.client import K6Cloud
from k6_cloud_mcp_tools.starts.runs import newest_runs, require_idle, running_in_project, runs_in_words

LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)


async def test_only_a_run_under_way_in_that_project_counts(world: World):
    project = (await world.k6.projects.create("Payments")).id
    test = await world.new_test(script=LONG, project_id=project)
    assert await running_in_project(world.k6, project) is None
    run = (await world.k6.load_tests.start(test)).id
    found = await running_in_project(world.k6, project)
    assert found is not None
    assert found.id == run
    assert await running_in_project(world.k6, 1) is None


async def test_a_test_that_ran_only_earlier_is_idle(world: World):
    test = await world.new_test(script=LONG)
    first = await newest_runs(world.k6, test)
    await require_idle(world.k6, test, first)
    assert runs_in_words(first) == "0 runs"
    await world.k6.load_tests.start(test)
    with pytest.raises(ToolError, match="is running"):
        await require_idle(world.k6, test, await newest_runs(world.k6, test))


async def test_the_newest_page_is_enough_for_few_runs(world: World, through: Callable[..., K6Cloud]):
    test = await world.new_test()
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.path)

    k6 = through(note)
    await require_idle(k6, test, await newest_runs(k6, test))
    assert asked == [f"/cloud/v6/load_tests/{test}/test_runs"]
