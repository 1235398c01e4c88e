from typing import Any, Literal

import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.plans import preview_of
from support.servers import World, content_of, text_of

from k6_cloud_mcp_tools.operations.load_zones import set_load_zone_projects, set_project_load_zones

EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
Mode = Literal["auto", "legacy"]
GO_AHEAD = {"decision": "go ahead"}


async def private_zone(world: World) -> int:
    return next(zone.id for zone in (await world.k6.load_zones.list()).value if not zone.public)


async def call(world: World, tool: str, /, **arguments: Any) -> dict[str, Any]:
    async with world.connect() as client:
        return content_of(await client.call_tool(tool, arguments))


async def test_zones_are_listed_with_the_name_that_scripts_use(world: World):
    zones = await call(world, "list_load_zones")
    assert zones["total"] == len(zones["rows"])
    (ashburn,) = (await call(world, "list_load_zones", k6_load_zone_id="amazon:us:ashburn"))["rows"]
    assert ashburn in zones["rows"]
    assert ashburn == {
        "id": ashburn["id"],
        "name": "Ashburn, US (Amazon)",
        "k6_load_zone_id": "amazon:us:ashburn",
        "public": True,
        "available": True,
    }
    assert (await call(world, "list_load_zones", k6_load_zone_id="moon"))["rows"] == []


@EVERY_ERA
async def test_a_project_gains_a_private_zone_once_that_is_confirmed(world: World, mode: Mode):
    zone = await private_zone(world)
    arguments = {"project_id": 1, "load_zone_ids": [zone]}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("set_project_load_zones", arguments))
        assert (await call(world, "get_project_load_zones", project_id=1))["rows"] == []
        token = {"confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("set_project_load_zones", {**arguments, **token}))
        again = content_of(await client.call_tool("set_project_load_zones", arguments))
    assert offer["preview"] == (
        f"Project 'Default project' (id 1) gains 'Private zone of the sandbox' (id {zone})."
    )
    assert [row["id"] for row in done["result"]["rows"]] == [zone]
    assert again["confirmed_by"] == "not needed"
    assert done["result"].pop("changed") == {"load_zone_ids": [[], [zone]]}
    assert await call(world, "get_project_load_zones", project_id=1) == done["result"]


@EVERY_ERA
async def test_a_zone_is_given_to_other_projects_by_a_person(world: World, mode: Mode):
    zone = await private_zone(world)
    payments = (await world.k6.projects.create("Payments")).id
    await world.k6.load_zones.set_projects(zone, [1])
    async with world.connect(mode=mode, answer=GO_AHEAD) as client:
        arguments = {"load_zone_id": zone, "project_ids": [payments]}
        done = content_of(await client.call_tool("set_load_zone_projects", arguments))
    assert done["confirmed_by"] == "person"
    assert done["result"].pop("changed") == {"project_ids": [[1], [payments]]}
    assert done["result"] == {"rows": [{"id": payments, "name": "Payments"}], "total": 1}
    assert await call(world, "get_load_zone_projects", load_zone_id=zone) == done["result"]


async def test_the_previews_tell_what_is_gained_and_lost(world: World):
    zone = await private_zone(world)
    payments = (await world.k6.projects.create("Payments")).id
    await world.k6.load_zones.set_projects(zone, [1])
    swapped = await preview_of(set_load_zone_projects(world.app, zone, [payments]))
    emptied = await preview_of(set_project_load_zones(world.app, 1, []))
    assert swapped is not None
    assert swapped.text == (
        f"Load zone {zone} gains 'Payments' (id {payments}), and loses 'Default project' (id 1)."
    )
    assert emptied is not None
    assert emptied.text.endswith(f" loses 'Private zone of the sandbox' (id {zone}).")
    assert await preview_of(set_load_zone_projects(world.app, zone, [1])) is None


async def test_what_is_not_there_is_refused_before_anyone_is_asked(world: World):
    zone = await private_zone(world)
    with pytest.raises(ToolError, match="Not changed: there is no project 4711"):
        await set_load_zone_projects(world.app, zone, [1, 4711])
    with pytest.raises(ToolError, match="Not changed: there is no load zone 4711"):
        await set_project_load_zones(world.app, 1, [zone, 4711])


async def test_a_public_zone_is_nobody_s_to_give(world: World):
    public = next(zone.id for zone in (await world.k6.load_zones.list()).value if zone.public)
    with pytest.raises(
        ToolError, match=f"Not changed: load zone {public} is public, so every project may use it"
    ):
        await set_project_load_zones(world.app, 1, [public])
    async with world.connect() as client:
        refused = await client.call_tool("get_load_zone_projects", {"load_zone_id": public})
    assert "is public" in text_of(refused)
