from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.plans import text_of_plan
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.scripts.script import MIB
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.operations.projects import delete_project
from k6_cloud_mcp_tools.project_names import label_of, project_names, the_project_id
from k6_cloud_mcp_tools.storage.script_files import Backups

EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)


async def new_project(world: World, name: str) -> int:
    async with world.sandbox.http() as http:
        return (await http.post("/cloud/v6/projects", json={"name": name})).json()["id"]


async def test_the_newest_projects_come_first_and_the_default_one_is_marked(world: World):
    payments = await new_project(world, "Payments")
    async with world.connect() as client:
        listed = content_of(await client.call_tool("list_projects", {}))
    assert listed == {
        "rows": [
            {"id": payments, "name": "Payments", "is_default": False},
            {"id": 1, "name": "Default project", "is_default": True},
        ],
        "total": 2,
    }


async def test_projects_are_searched_by_part_of_their_name_in_any_case(world: World):
    await new_project(world, "Payments")
    async with world.connect() as client:
        found = content_of(await client.call_tool("list_projects", {"search": "PAY"}))
    assert [row["name"] for row in found["rows"]] == ["Payments"]
    assert found["total"] == 1


async def test_next_skip_walks_every_project_once(world: World):
    for name in ("A", "B"):
        await new_project(world, name)
    async with world.connect() as client:
        first = content_of(await client.call_tool("list_projects", {"limit": 2}))
        rest = content_of(await client.call_tool("list_projects", {"limit": 2, "skip": first["next_skip"]}))
    assert [row["name"] for row in first["rows"] + rest["rows"]] == ["B", "A", "Default project"]
    assert "next_skip" not in rest


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": 101}, {"skip": -1}])
async def test_a_list_of_projects_has_bounds(world: World, arguments: dict[str, Any]):
    async with world.connect() as client:
        refused = await client.call_tool("list_projects", arguments)
    assert text_of(refused).startswith("list_projects was not called:\n- ")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Set K6_CLOUD_TOKEN to a valid Grafana Cloud k6 API token and restart the server"),
        (403, "`k6-cloud-mcp doctor` shows which stack that is."),
        (429, "Wait a little, then call again."),
        (503, "GET /cloud/v6/projects answered 503: Service Unavailable."),
    ],
)
async def test_a_refusal_says_what_to_do_about_it(
    world: World, through: Callable[..., K6Cloud], status: int, advice: str
):
    async def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status)

    async with world.connect(k6=through(refuse)) as client:
        refused = await client.call_tool("list_projects", {})
    assert refused.is_error
    assert advice in text_of(refused)


async def test_a_project_is_labelled_by_its_name_where_it_is_known(world: World):
    labels = (await label_of(world.k6, 1), await label_of(world.k6, 4711))
    assert labels == ("'Default project' (id 1)", "id 4711")
    names = await project_names(world.k6)
    assert 1 in names
    assert 4711 not in names


async def test_the_project_is_the_one_given_or_configured_or_the_default_one(world: World):
    assert await the_project_id(App(world.k6, project_id=7), 8) == 8
    assert await the_project_id(App(world.k6, project_id=7), None) == 7
    assert await the_project_id(App(world.k6), None) == 1


async def test_without_a_default_project_one_has_to_be_given(through: Callable[..., K6Cloud]):
    async def none(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"value": []})

    with pytest.raises(ToolError, match="give project_id, from list_projects"):
        await the_project_id(App(through(none)), None)


async def test_a_project_is_created_read_and_renamed(world: World):
    async with world.connect() as client:
        created = content_of(await client.call_tool("create_project", {"name": "Payments"}))
        call = {"project_id": created["id"]}
        renamed = content_of(await client.call_tool("update_project", {**call, "name": "Billing"}))
        got = content_of(await client.call_tool("get_project", call))
    assert created == {"id": 2, "name": "Payments", "is_default": False, "labels": {}}
    assert renamed.pop("changed") == {"name": ["Payments", "Billing"]}
    assert got == renamed == {**created, "name": "Billing"}


async def test_a_name_that_is_taken_is_refused(world: World):
    async with world.connect() as client:
        again = await client.call_tool("create_project", {"name": "Default project"})
        await new_project(world, "Payments")
        same = await client.call_tool("update_project", {"project_id": 2, "name": "Default project"})
    assert "answered 409: " in text_of(again)
    assert "answered 409: " in text_of(same)


@EVERY_ERA
async def test_a_project_is_deleted_only_when_its_name_is_typed(
    world: World, mode: Literal["auto", "legacy"]
):
    project = await new_project(world, "Payments")
    test = await world.new_test(project_id=project)
    async with world.connect(mode=mode, answer={"name": "payments"}) as client:
        refused = await client.call_tool("delete_project", {"project_id": project})
        assert "name" in content_of(await client.call_tool("get_load_test", {"load_test_id": test}))
    async with world.connect(mode=mode, answer={"name": "Payments"}) as client:
        done = content_of(await client.call_tool("delete_project", {"project_id": project}))
        gone = await client.call_tool("get_load_test", {"load_test_id": test})
    assert "is not the name" in text_of(refused)
    assert (done["confirmed_by"], done["result"]["id"]) == ("person", project)
    assert "answered 404: " in text_of(gone)


async def test_the_preview_names_what_goes_with_a_project(world: World):
    project = await new_project(world, "Payments")
    empty = await text_of_plan(delete_project(world.app, project))
    for number in range(12):
        await world.new_test(f"Test {number}", project_id=project)
    text = await text_of_plan(delete_project(world.app, project))
    assert empty.startswith(f"Delete project 'Payments' (id {project}) with no load tests, and with their")
    assert "with 12 load tests ('Test 11', 'Test 10'," in text
    assert "'Test 2', …)" in text
    assert "'Test 1'," not in text
    assert text.endswith("This cannot be undone.")


async def test_the_default_project_cannot_be_deleted_and_nobody_is_asked(world: World):
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("delete_project", {"project_id": 1})
    assert text_of(refused) == (
        "Not deleted: 'Default project' is the default project, which cannot be deleted."
    )


async def test_a_project_with_a_running_test_stays_and_nobody_is_asked(world: World):
    project = await new_project(world, "Payments")
    test = await world.new_test(script=LONG, project_id=project)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("delete_project", {"project_id": project})
    assert text_of(refused).startswith(
        f"Not deleted: load test {test} of project 'Payments' is running (run {run}, "
    )
    assert (await world.k6.projects.get(project)).id == project


async def test_the_scripts_of_a_deleted_project_are_kept(world: World, tmp_path: Path):
    project = await new_project(world, "Payments")
    for name, script in (("A", "// a"), ("B", "// b")):
        await world.new_test(name, script, project)
    await world.k6.load_tests.create(project, "Empty")
    kept = Backups(tmp_path, max_mib=1, days=30)
    async with world.connect(answer={"name": "Payments"}, kept_scripts=kept) as client:
        offer = content_of(await client.call_tool("delete_project", {"project_id": project, "dry_run": True}))
        done = content_of(await client.call_tool("delete_project", {"project_id": project}))["result"]
    assert offer["preview"].endswith(
        "This cannot be undone. The scripts of its load tests are kept for up to 30 days: "
        "restore_load_test_script brings one back."
    )
    assert [(one["name"], len(one["sha256"])) for one in done["kept_scripts"]] == [("B", 16), ("A", 16)]
    assert done["undo"].startswith("For up to 30 days: restore_load_test_script ")
    found = await kept.find(done["kept_scripts"][1]["sha256"], frozenset({project}))
    assert found is not None
    with found[1] as script:
        assert script.text() == "// a"


async def test_a_project_whose_scripts_are_too_much_to_keep_stays(world: World, tmp_path: Path):
    project = await new_project(world, "Payments")
    for name in ("A", "B", "C"):
        await world.new_test(name, name * (MIB // 2), project)
    kept = Backups(tmp_path, max_mib=1, days=30)
    async with world.connect(answer={"name": "Payments"}, kept_scripts=kept) as client:
        refused = await client.call_tool("delete_project", {"project_id": project})
    assert "together they are more than K6_MCP_BACKUP_MAX_MIB. Nothing was changed." in text_of(refused)
    assert (await world.k6.projects.get(project)).name == "Payments"


async def test_of_very_many_tests_the_scripts_of_the_newest_are_kept(world: World, tmp_path: Path):
    project = await new_project(world, "Payments")
    for number in range(101):
        await world.k6.load_tests.create(project, f"Test {number}")
    app = App(world.k6, kept_scripts=Backups(tmp_path, max_mib=1, days=30))
    text = await text_of_plan(delete_project(app, project))
    assert "with 101 load tests ('Test 100', " in text
    assert "Only the scripts of the 100 newest are kept for up to 30 days" in text
