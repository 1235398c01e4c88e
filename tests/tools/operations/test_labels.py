from typing import Any, Literal

import pytest
from support.plans import preview_of, text_of_plan
from support.servers import World, content_of, text_of

from k6_cloud_mcp_tools.operations.labels import delete_label, set_project_labels

EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
Mode = Literal["auto", "legacy"]
GO_AHEAD = {"decision": "go ahead"}


async def call(world: World, tool: str, /, **arguments: Any) -> dict[str, Any]:
    async with world.connect() as client:
        return content_of(await client.call_tool(tool, arguments))


async def set_labels(world: World, labels: dict[str, str], project: int = 1) -> None:
    async with world.connect(answer=GO_AHEAD) as client:
        arguments = {"project_id": project, "labels": labels}
        content_of(await client.call_tool("set_project_labels", arguments))


async def test_keys_are_created_described_and_listed(world: World):
    created = await call(world, "create_labels", keys=["team", "stage"])
    team = created["rows"][0]["id"]
    described = await call(world, "update_label", label_key_id=team, description="Who owns it")
    renamed = await call(world, "update_label", label_key_id=team, key="owner")
    assert described.pop("changed") == {"description": [None, "Who owns it"]}
    assert renamed.pop("changed") == {"key": ["team", "owner"]}
    assert described == {"id": team, "key": "team", "description": "Who owns it"}
    assert renamed == {**described, "key": "owner"}
    assert await call(world, "list_labels") == {"rows": [renamed, created["rows"][1]], "total": 2}


async def test_a_change_of_nothing_and_a_key_that_cannot_be_are_refused(world: World):
    team = (await call(world, "create_labels", keys=["team"]))["rows"][0]["id"]
    async with world.connect() as client:
        nothing = await client.call_tool("update_label", {"label_key_id": team})
        spaced = await client.call_tool("create_labels", {"keys": ["my team"]})
        taken = await client.call_tool("create_labels", {"keys": ["a", "a"]})
    assert text_of(nothing) == "Nothing to update: give key or description."
    assert text_of(spaced).startswith("create_labels was not called:\n- keys.0: ")
    assert "Duplicate keys in request." in text_of(taken)


@EVERY_ERA
async def test_a_project_s_labels_are_replaced_once_that_is_confirmed(world: World, mode: Mode):
    await set_labels(world, {"team": "checkout", "stage": "test"})
    arguments = {"project_id": 1, "labels": {"team": "payments", "stage": "test", "cost": "42"}}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("set_project_labels", arguments))
        before = content_of(await client.call_tool("list_project_labels", {"project_id": 1}))
        token = {"confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("set_project_labels", {**arguments, **token}))
        again = content_of(await client.call_tool("set_project_labels", arguments))
    assert offer["preview"].splitlines() == [
        "Change the labels of project 'Default project' (id 1):",
        "- team=checkout",
        "+ cost=42",
        "+ team=payments",
    ]
    assert before == {"labels": {"team": "checkout", "stage": "test"}}
    assert done["result"] == {
        "labels": arguments["labels"],
        "changed": {"team": ["checkout", "payments"], "cost": [None, "42"]},
    }
    assert "changed" not in again["result"]
    assert again["confirmed_by"] == "not needed"


@EVERY_ERA
async def test_one_label_is_taken_off_a_project_once_that_is_confirmed(world: World, mode: Mode):
    await set_labels(world, {"team": "checkout", "a/b": "1"})
    arguments = {"project_id": 1, "key": "a/b"}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("delete_project_label", arguments))
    async with world.connect(mode=mode, answer={"decision": "go ahead"}) as client:
        done = content_of(await client.call_tool("delete_project_label", arguments))
        missing = await client.call_tool("delete_project_label", arguments)
    assert offer["status"] == "confirmation_required"
    assert offer["preview"] == "Take label a/b=1 off project 'Default project' (id 1)."
    assert (done["confirmed_by"], done["result"]) == (
        "person",
        {"labels": {"team": "checkout"}, "changed": {"a/b": ["1", None]}},
    )
    assert text_of(missing) == ("Not changed: project 'Default project' has no label 'a/b'. It has: team.")


@EVERY_ERA
async def test_a_key_is_deleted_only_when_it_is_typed(world: World, mode: Mode):
    await set_labels(world, {"team": "checkout"})
    (team,) = (await call(world, "list_labels"))["rows"]
    async with world.connect(mode=mode, answer={"name": "Team"}) as client:
        refused = await client.call_tool("delete_label", {"label_key_id": team["id"]})
    assert "is not the name" in text_of(refused)
    async with world.connect(mode=mode, answer={"name": "team"}) as client:
        done = content_of(await client.call_tool("delete_label", {"label_key_id": team["id"]}))
    assert (done["confirmed_by"], done["result"]) == ("person", team)
    assert await call(world, "list_project_labels", project_id=1) == {"labels": {}}


async def test_the_preview_names_the_projects_that_lose_a_label(world: World):
    used = (await call(world, "create_labels", keys=["team", "idle"]))["rows"]
    payments = (await world.k6.projects.create("Payments")).id
    for project in (1, payments):
        await set_labels(world, {"team": "x"}, project)
    texts = [await text_of_plan(delete_label(world.app, key["id"])) for key in used]
    assert texts[0].startswith(f"Delete label key 'team' (id {used[0]['id']}), and takes it off 'Default")
    assert "'Payments'. This cannot be undone." in texts[0]
    assert (
        texts[1]
        == f"Delete label key 'idle' (id {used[1]['id']}), which no project uses. This cannot be undone."
    )


async def test_a_key_that_is_not_there_is_named(world: World):
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("delete_label", {"label_key_id": 4711})
    assert text_of(refused) == ("There is no label key 4711. Nothing was changed. Find ids with list_labels.")


async def test_labels_that_are_all_lost_are_named(world: World):
    await set_labels(world, {"team": "checkout"})
    preview = await preview_of(set_project_labels(world.app, 1, {}))
    assert preview is not None
    assert preview.text.endswith(":\n- team=checkout")
