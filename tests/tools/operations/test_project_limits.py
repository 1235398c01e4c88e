from typing import Any, Literal

import pytest
from support.servers import World, content_of, text_of

GO_AHEAD = {"decision": "go ahead"}


async def change(world: World, limits: dict[str, Any]) -> None:
    async with world.connect(answer=GO_AHEAD) as client:
        content_of(await client.call_tool("update_project_limits", {"project_id": 1, **limits}))


async def test_limits_are_listed_of_all_projects_or_of_some(world: World):
    await world.k6.projects.create("Payments")
    await change(world, {"vu_max_per_test": 50})
    async with world.connect() as client:
        every = content_of(await client.call_tool("list_project_limits", {}))
        first = content_of(await client.call_tool("list_project_limits", {"limit": 1}))
        some = content_of(await client.call_tool("list_project_limits", {"project_ids": [2]}))
    assert every == {"rows": [{"project_id": 1, "vu_max_per_test": 50}, {"project_id": 2}], "total": 2}
    assert first == {"rows": [every["rows"][0]], "total": 2, "next_skip": 1}
    assert some == {"rows": [{"project_id": 2}], "total": 1}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_no_single_call_changes_a_limit_for_a_client_that_cannot_ask(
    world: World, mode: Literal["auto", "legacy"]
):
    call = {"project_id": 1, "vuh_max_per_month": 500, "duration_max_per_test": 3600}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("update_project_limits", call))
        before = content_of(await client.call_tool("get_project_limits", {"project_id": 1}))
        confirmed = {**call, "confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("update_project_limits", confirmed))
    assert offer["preview"] == (
        "Change limits of project 'Default project' (id 1): "
        "vuh_max_per_month: no limit → 500; duration_max_per_test: no limit → 3600."
    )
    assert before == {"project_id": 1}
    changed = {"vuh_max_per_month": [None, 500], "duration_max_per_test": [None, 3600]}
    assert (done["confirmed_by"], done["result"]) == ("token", {**call, "changed": changed})


async def test_what_is_not_given_stays_and_zero_removes_a_limit(world: World):
    await change(world, {"vu_max_per_test": 50, "vu_browser_max_per_test": 5})
    async with world.connect() as client:
        call = {"project_id": 1, "vu_max_per_test": 0, "vu_browser_max_per_test": 5}
        offer = content_of(await client.call_tool("update_project_limits", call))
    assert offer["preview"].endswith(": vu_max_per_test: 50 → no limit.")
    await change(world, {"vu_max_per_test": 0})
    async with world.connect() as client:
        limits = content_of(await client.call_tool("get_project_limits", {"project_id": 1}))
    assert limits == {"project_id": 1, "vu_browser_max_per_test": 5}


async def test_limits_that_are_so_already_need_no_confirmation(world: World):
    await change(world, {"vu_max_per_test": 50})
    async with world.connect() as client:
        call = {"project_id": 1, "vu_max_per_test": 50, "vuh_max_per_month": 0}
        done = content_of(await client.call_tool("update_project_limits", call))
    assert done["confirmed_by"] == "not needed"


async def test_a_change_of_nothing_or_below_nothing_is_refused(world: World):
    async with world.connect(confirm="ask") as client:
        nothing = await client.call_tool("update_project_limits", {"project_id": 1})
        below = await client.call_tool("update_project_limits", {"project_id": 1, "vu_max_per_test": -1})
    assert text_of(nothing) == "Nothing to update: give at least one limit."
    assert text_of(below).startswith("update_project_limits was not called:\n- vu_max_per_test: should be ")


async def test_a_start_past_a_limit_is_refused_before_anyone_is_asked(world: World):
    test = await world.new_test()
    await change(world, {"vu_max_per_test": 1})
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert text_of(refused).startswith("Not started: the service refuses the options ")
    assert "vu_max_per_test" in text_of(refused)


async def test_limits_of_a_project_that_is_not_there_are_missing(world: World):
    async with world.connect() as client:
        missing = await client.call_tool("get_project_limits", {"project_id": 4711})
    assert "answered 404: " in text_of(missing)
