from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

import httpx
import pytest
from mcp import Client
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud

Mode = Literal["auto", "legacy"]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)
GO_AHEAD = {"decision": "go ahead"}


async def names(client: Client, tool: str = "list_load_tests", **arguments: Any) -> list[str]:
    return [row["name"] for row in content_of(await client.call_tool(tool, arguments))["rows"]]


async def new_project(world: World, name: str = "Payments") -> int:
    async with world.sandbox.http() as http:
        return (await http.post("/cloud/v6/projects", json={"name": name})).json()["id"]


async def test_the_newest_tests_come_first_and_their_number_is_told(world: World):
    newest = await world.new_test()
    async with world.connect() as client:
        page = content_of(await client.call_tool("list_load_tests", {}))
    assert page["rows"][0]["id"] == newest
    assert page["total"] == len(page["rows"]) == 4
    assert "next_skip" not in page


async def test_next_skip_walks_every_test_once(world: World):
    walked: list[str] = []
    skip: int | None = 0
    async with world.connect() as client:
        everything = await names(client)
        while skip is not None:
            page = content_of(await client.call_tool("list_load_tests", {"limit": 2, "skip": skip}))
            walked += [row["name"] for row in page["rows"]]
            skip = page.get("next_skip")
    assert walked == everything
    assert len(walked) == 3


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", ["Zebra", "Apple", "Mango"]),
        ("oldest", ["Mango", "Apple", "Zebra"]),
        ("name", ["Apple", "Mango", "Zebra"]),
        ("updated", ["Mango", "Zebra", "Apple"]),
    ],
)
async def test_tests_come_in_the_order_that_was_asked_for(world: World, order: str, expected: list[str]):
    project = await new_project(world)
    first = await world.new_test("Kiwi", project_id=project)
    await world.new_test("Apple", project_id=project)
    await world.new_test("Zebra", project_id=project)
    async with world.connect() as client:
        content_of(await client.call_tool("update_load_test", {"load_test_id": first, "name": "Mango"}))
        listed = await names(client, "list_project_load_tests", project_id=project, order=order)
    assert listed == expected


async def test_a_search_finds_part_of_a_name_in_any_case_and_says_how_much_it_looked_at(world: World):
    async with world.connect() as client:
        found = content_of(await client.call_tool("list_load_tests", {"search": "STAGES"}))
    assert [row["name"] for row in found["rows"]] == ["Stages test"]
    assert (found["scanned"], found["total"]) == (3, 3)


async def test_a_search_that_is_full_goes_on_at_next_skip(world: World):
    async with world.connect() as client:
        first = content_of(await client.call_tool("list_load_tests", {"search": "test", "limit": 2}))
        skip = first["next_skip"]
        rest = content_of(
            await client.call_tool("list_load_tests", {"search": "test", "limit": 2, "skip": skip})
        )
    assert [len(first["rows"]), len(rest["rows"])] == [2, 1]
    assert "next_skip" not in rest


async def test_a_search_takes_its_words_as_they_are(world: World):
    async with world.connect() as client:
        assert await names(client, search="null") == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"limit": 0}, "- limit: should be greater than or equal to 1."),
        ({"limit": 101}, "- limit: should be less than or equal to 100."),
        ({"skip": -1}, "- skip: should be greater than or equal to 0."),
        ({"order": "random"}, "- order: should be 'newest', 'oldest', 'name' or 'updated'."),
    ],
)
async def test_a_list_refuses_what_is_out_of_bounds(world: World, arguments: dict[str, Any], line: str):
    async with world.connect() as client:
        refused = await client.call_tool("list_load_tests", arguments)
    assert refused.is_error
    assert text_of(refused) == f"list_load_tests was not called:\n{line}"


async def test_the_tests_of_a_project_are_its_own(world: World):
    project = await new_project(world)
    await world.new_test("Refund", project_id=project)
    async with world.connect() as client:
        assert await names(client, "list_project_load_tests", project_id=project) == ["Refund"]
        assert await names(client, "list_project_load_tests", project_id=project, search="fun") == ["Refund"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_load_test", {}),
        ("update_load_test", {"name": "Other"}),
        ("delete_load_test", {}),
        ("move_load_test", {"project_id": 1}),
        ("download_load_test_script", {}),
        ("upload_load_test_script", {"script": SCRIPT}),
        ("start_load_test", {}),
        ("list_load_test_runs", {}),
    ],
)
async def test_a_test_that_is_not_there_is_named_as_missing(
    world: World, tool: str, arguments: dict[str, Any]
):
    async with world.connect() as client:
        missing = await client.call_tool(tool, {"load_test_id": 4711, **arguments})
    assert missing.is_error
    assert "answered 404: Load test 4711 not found." in text_of(missing)
    assert text_of(missing).endswith("Look the id up with the matching list tool.")


@pytest.mark.parametrize("tool", ["list_project_load_tests", "create_load_test"])
async def test_a_project_that_is_not_there_is_named_as_missing(world: World, tool: str):
    arguments = {"project_id": 4711} | ({"name": "New"} if tool == "create_load_test" else {})
    async with world.connect() as client:
        missing = await client.call_tool(tool, arguments)
    assert "Project 4711 not found." in text_of(missing)


async def test_one_test_is_got_by_its_id(world: World):
    test = await world.new_test("Checkout")
    async with world.connect() as client:
        got = content_of(await client.call_tool("get_load_test", {"load_test_id": test}))
    assert (got["id"], got["name"], got["project_id"]) == (test, "Checkout", 1)
    assert got["created"].endswith("Z")


async def test_a_created_test_stores_the_script_it_was_given(world: World):
    async with world.connect() as client:
        created = content_of(await client.call_tool("create_load_test", {"name": "New", "script": SCRIPT}))
        stored = content_of(
            await client.call_tool("download_load_test_script", {"load_test_id": created["id"]})
        )
    assert created["script"] == {
        "kind": "javascript",
        "size": len(SCRIPT),
        "sha256": sha256(SCRIPT.encode()).hexdigest(),
    }
    assert stored["text"] == SCRIPT
    assert created["project_id"] == 1


async def test_a_test_is_created_in_the_project_given_or_else_the_configured_one(world: World):
    payments, search = await new_project(world, "Payments"), await new_project(world, "Search")
    async with world.connect(project_id=payments) as client:
        configured = content_of(await client.call_tool("create_load_test", {"name": "A"}))
        given = content_of(await client.call_tool("create_load_test", {"name": "B", "project_id": search}))
    assert (configured["project_id"], given["project_id"]) == (payments, search)
    assert "script" not in given


async def test_a_name_that_is_taken_tells_which_test_has_it(world: World):
    existing = await world.new_test("Checkout")
    async with world.connect() as client:
        refused = await client.call_tool("create_load_test", {"name": "Checkout", "script": SCRIPT})
    assert text_of(refused) == (
        "Not created: a load test named 'Checkout' already exists in project 1. "
        f"It is load test {existing}: to replace its script, use upload_load_test_script."
    )


@pytest.mark.parametrize("name", ["", "x" * 301])
async def test_a_name_has_1_to_300_characters(world: World, name: str):
    async with world.connect() as client:
        refused = await client.call_tool("create_load_test", {"name": name})
    assert text_of(refused).startswith("create_load_test was not called:\n- name: String should have at ")


async def test_an_update_sets_only_what_is_given(world: World):
    test = await world.new_test("Checkout")
    async with world.connect() as client:

        async def update(**changes: Any) -> tuple[str, int | None, Any]:
            row = content_of(await client.call_tool("update_load_test", {"load_test_id": test, **changes}))
            return row["name"], row.get("k6_version"), row.get("changed")

        assert await update(k6_version=7) == ("Checkout", 7, {"k6_version": [None, 7]})
        assert await update(name="null") == ("null", 7, {"name": ["Checkout", "null"]})
        assert await update(k6_version=0) == ("null", None, {"k6_version": [7, None]})
        assert await update(name="null") == ("null", None, None)


async def test_an_update_of_nothing_says_what_can_be_updated(world: World):
    test = await world.new_test()
    async with world.connect() as client:
        refused = await client.call_tool("update_load_test", {"load_test_id": test})
    assert text_of(refused) == "Nothing to update: give name or k6_version."


async def test_a_test_cannot_take_the_name_of_another(world: World):
    await world.new_test("Checkout")
    other = await world.new_test("Search")
    async with world.connect() as client:
        refused = await client.call_tool("update_load_test", {"load_test_id": other, "name": "Checkout"})
    assert "answered 409: The name is already taken" in text_of(refused)


@EVERY_ERA
async def test_no_single_call_deletes_for_a_client_that_cannot_ask(world: World, mode: Mode):
    test = await world.new_test("Checkout")
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("delete_load_test", {"load_test_id": test}))
        assert offer["status"] == "confirmation_required"
        assert offer["preview"] == (
            f"Delete load test 'Checkout' (id {test}) in project 'Default project' (id 1), with its script, "
            "0 runs with results, and no schedule (it has none). This cannot be undone."
        )
        assert "Checkout" in await names(client)
        token = offer["confirmation_token"]
        done = content_of(
            await client.call_tool("delete_load_test", {"load_test_id": test, "confirmation_token": token})
        )
        assert "Checkout" not in await names(client)
    assert (done["status"], done["confirmed_by"]) == ("done", "token")
    assert done["result"]["name"] == "Checkout"


@EVERY_ERA
@pytest.mark.parametrize(("typed", "left"), [("Checkout", False), ("checkout", True)])
async def test_a_person_deletes_by_typing_the_name(world: World, mode: Mode, typed: str, left: bool):
    test = await world.new_test("Checkout")
    async with world.connect(mode=mode, answer={"name": typed}) as client:
        result = await client.call_tool("delete_load_test", {"load_test_id": test})
        assert ("Checkout" in await names(client)) == left
    assert result.is_error == left


@EVERY_ERA
async def test_a_test_that_runs_is_not_deleted_and_nobody_is_asked(world: World, mode: Mode):
    test = await world.new_test(script=LONG)
    run = (await world.k6.load_tests.start(test)).id
    # Where it came to asking, this server would answer that it only lets a person confirm.
    async with world.connect(mode=mode, confirm="ask") as client:
        refused = await client.call_tool("delete_load_test", {"load_test_id": test})
    assert text_of(refused).startswith(f"Not deleted: load test {test} is running (run {run}, ")
    assert f"stop it with abort_test_run({run}), then delete again." in text_of(refused)


async def test_an_older_run_that_still_goes_is_seen_behind_a_newer_one_that_ended(world: World):
    test = await world.new_test(script=LONG)
    older = (await world.k6.load_tests.start(test)).id
    newer = (await world.k6.load_tests.start(test)).id
    await world.k6.test_runs.abort(newer)
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("delete_load_test", {"load_test_id": test})
    assert f"is running (run {older}, " in text_of(refused)


async def test_a_run_that_starts_after_the_confirmation_is_named(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test("Checkout", LONG)

    async def start_first(request: httpx.Request) -> None:
        if request.method == "DELETE":
            await world.k6.load_tests.start(test)

    async with world.connect(k6=through(start_first), answer={"name": "Checkout"}) as client:
        refused = await client.call_tool("delete_load_test", {"load_test_id": test})
    assert text_of(refused).startswith(f"Not deleted: load test {test} is running (run ")


async def test_a_preview_that_has_changed_is_shown_again(world: World):
    test = await world.new_test("Checkout")
    async with world.connect() as client:
        offer = content_of(await client.call_tool("delete_load_test", {"load_test_id": test}))
        content_of(await client.call_tool("update_load_test", {"load_test_id": test, "name": "Basket"}))
        token = offer["confirmation_token"]
        refused = await client.call_tool(
            "delete_load_test", {"load_test_id": test, "confirmation_token": token}
        )
        assert "Basket" in await names(client)
    assert "Call again without confirmation_token for a new preview." in text_of(refused)


@EVERY_ERA
async def test_no_single_call_moves_for_a_client_that_cannot_ask(world: World, mode: Mode):
    test, target = await world.new_test("Checkout"), await new_project(world)
    call = {"load_test_id": test, "project_id": target}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("move_load_test", call))
        assert offer["preview"] == (
            f"Move load test 'Checkout' (id {test}) from project 'Default project' (id 1) to 'Payments' (id {target}), "
            "with 0 runs and no schedule (it has none). Who can see and run it may change."
        )
        assert await names(client, "list_project_load_tests", project_id=target) == []
        done = content_of(
            await client.call_tool(
                "move_load_test", call | {"confirmation_token": offer["confirmation_token"]}
            )
        )
    assert done["result"]["project_id"] == target
    assert done["result"]["changed"] == {"project_id": [1, target]}


@EVERY_ERA
@pytest.mark.parametrize(("answer", "project"), [(GO_AHEAD, 2), ({"decision": "stop"}, 1)])
async def test_a_person_decides_about_a_move(world: World, mode: Mode, answer: dict[str, Any], project: int):
    test, target = await world.new_test(), await new_project(world)
    async with world.connect(mode=mode, answer=answer) as client:
        await client.call_tool("move_load_test", {"load_test_id": test, "project_id": target})
        moved = content_of(await client.call_tool("get_load_test", {"load_test_id": test}))
    assert moved["project_id"] == project


async def test_a_move_to_where_the_test_is_needs_no_confirmation(world: World):
    test = await world.new_test()
    async with world.connect() as client:
        done = content_of(await client.call_tool("move_load_test", {"load_test_id": test, "project_id": 1}))
    assert (done["status"], done["confirmed_by"]) == ("done", "not needed")


async def test_a_move_to_an_unknown_project_is_refused_and_nobody_is_asked(world: World):
    test = await world.new_test()
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("move_load_test", {"load_test_id": test, "project_id": 4711})
    assert text_of(refused) == "Not moved: there is no project 4711. Find its id with list_projects."


async def test_a_move_onto_a_taken_name_is_refused_and_nobody_is_asked(world: World):
    test, target = await world.new_test("Checkout"), await new_project(world)
    taken = await world.new_test("Checkout", project_id=target)
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("move_load_test", {"load_test_id": test, "project_id": target})
    assert text_of(refused) == (
        f"Not moved: project {target} already has a load test named 'Checkout' (id {taken}). "
        "Rename one of them with update_load_test, then move again."
    )


async def test_a_failure_of_the_service_leaves_open_whether_the_delete_took_effect(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test("Checkout")

    async def fail(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(502, text="<html>Bad gateway</html>") if request.method == "DELETE" else None

    async with world.connect(k6=through(fail), answer={"name": "Checkout"}) as client:
        failed = await client.call_tool("delete_load_test", {"load_test_id": test})
    assert text_of(failed) == (
        f"DELETE /cloud/v6/load_tests/{test} answered 502: Bad Gateway. It is not known whether the request "
        "took effect: read the object before trying again."
    )


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ReadTimeout("timed out"), "got no answer (timed out). It is not known whether"),
        (httpx.ConnectError("refused"), "could not reach the API (refused). Nothing was sent."),
    ],
    ids=["no answer", "no connection"],
)
async def test_a_broken_connection_is_told_as_it_is(
    world: World, through: Callable[..., K6Cloud], failure: httpx.RequestError, words: str
):
    async def fail(_: httpx.Request) -> None:
        raise failure

    async with world.connect(k6=through(fail)) as client:
        failed = await client.call_tool("create_load_test", {"name": "New", "project_id": 1})
    assert failed.is_error
    assert words in text_of(failed)
