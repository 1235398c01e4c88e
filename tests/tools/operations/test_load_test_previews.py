from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.plans import preview_of, text_of_plan
from support.servers import SCRIPT, World, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.limits import PatchProjectLimits
from k6_cloud.schedules import CreateSchedule, Cron
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.operations.load_tests import delete_load_test, move_load_test
from k6_cloud_mcp_tools.storage.script_files import Backups

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)


async def moved(world: World, test: int, target: int) -> str:
    preview = await preview_of(move_load_test(world.app, test, target))
    assert preview is not None
    return preview.text


async def test_a_delete_names_the_script_that_is_kept_and_the_next_start_of_the_schedule(
    world: World, tmp_path: Path
):
    test = await world.new_test("Checkout")
    plan = CreateSchedule(starts=TOMORROW, cron=Cron(schedule="0 2 * * *", time_zone="UTC"))
    await world.k6.schedules.create(test, plan)
    app = App(world.k6, kept_scripts=Backups(tmp_path, max_mib=1, days=7))
    text = await text_of_plan(delete_load_test(app, test))
    assert f"with its script (javascript, {len(SCRIPT)} bytes, sha256 0568470a0437d5f9), 0 runs with" in text
    assert f"its schedule: cron 0 2 * * * in UTC, next start {TOMORROW:%a %Y-%m-%d} 02:00 UTC. " in text
    assert text.endswith(
        "This cannot be undone. The script is kept for up to 7 days: restore_load_test_script brings it back."
    )


async def test_a_delete_of_a_test_without_a_script_says_so(world: World, tmp_path: Path):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    app = App(world.k6, kept_scripts=Backups(tmp_path, max_mib=1, days=7))
    assert "with no script (it has none), 0 runs" in await text_of_plan(delete_load_test(app, test))


async def test_a_run_under_way_is_seen_behind_any_number_of_newer_ones(world: World):
    test = await world.new_test(script=LONG)
    oldest = (await world.k6.load_tests.start(test)).id
    for _ in range(21):
        await world.k6.test_runs.abort((await world.k6.load_tests.start(test)).id)
    with pytest.raises(ToolError, match=rf"^Not deleted: load test {test} is running \(run {oldest}, "):
        await delete_load_test(world.app, test)


async def test_a_move_tells_the_limits_that_hold_there_and_the_zones_it_loses(world: World):
    test, target = await world.new_test(), (await world.k6.projects.create("Payments")).id
    zone = next(zone for zone in (await world.k6.load_zones.list()).value if not zone.public)
    assert (await moved(world, test, target)).endswith("Who can see and run it may change.")
    await world.k6.limits.update(target, PatchProjectLimits(vu_max_per_test=5, vuh_max_per_month=100))
    await world.k6.load_zones.set_of_project(1, [zone.id])
    assert (await moved(world, test, target)).endswith(
        "Who can see and run it may change. Limits there: vuh_max_per_month 100, vu_max_per_test 5. "
        f"It loses the private load zones {zone.name!r}."
    )
    await world.k6.load_zones.set_of_project(target, [zone.id])
    assert "private load zones" not in await moved(world, test, target)


async def test_a_move_reads_the_two_projects_it_is_about_and_not_all(
    world: World, through: Callable[..., K6Cloud]
):
    test, target = await world.new_test(), (await world.k6.projects.create("Payments")).id
    paths: list[str] = []

    async def note(request: httpx.Request) -> None:
        paths.append(request.url.path)

    await move_load_test(App(through(note)), test, target)
    assert "/cloud/v6/projects" not in paths
    assert {"/cloud/v6/projects/1", f"/cloud/v6/projects/{target}"} < set(paths)


async def test_a_source_project_that_may_not_be_seen_is_named_by_its_id(
    world: World, through: Callable[..., K6Cloud]
):
    test, target = await world.new_test(), (await world.k6.projects.create("Payments")).id

    async def hide(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.path == "/cloud/v6/projects/1" else None

    preview = await preview_of(move_load_test(App(through(hide)), test, target))
    assert preview is not None
    assert "from project id 1 to 'Payments'" in preview.text


async def test_an_update_that_reads_back_differently_is_an_error(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test("Checkout")

    async def swallow(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(204) if request.method == "PATCH" else None

    async with world.connect(k6=through(swallow)) as client:
        failed = await client.call_tool("update_load_test", {"load_test_id": test, "name": "Basket"})
    assert text_of(failed) == (
        "The change was accepted, but reading it back shows name 'Checkout' instead of 'Basket'. Somebody may have "
        "changed it at the same time: read it again before going on."
    )
