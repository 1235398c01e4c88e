from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

ZONES = "/cloud/v6/load_zones"
ALLOWED = "/cloud/v6/projects/1/allowed_load_zones"


async def zone(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    (found,) = (await http.get(ZONES, params={"k6_load_zone_id": name})).json()["value"]
    return found


async def private(http: httpx.AsyncClient) -> int:
    return (await zone(http, "sandbox-private"))["id"]


async def test_zones_are_listed_all_or_by_their_exact_name(http: httpx.AsyncClient):
    zones = (await http.get(ZONES)).json()["value"]

    assert len(zones) == 22
    assert [zone["k6_load_zone_id"] for zone in zones if not zone["available"]] == ["amazon:cn:hong kong"]
    assert [zone["k6_load_zone_id"] for zone in zones if not zone["public"]] == ["sandbox-private"]
    assert (await zone(http, "amazon:sa:cape town")) == {
        "id": 14,
        "name": "Cape Town, South Africa (Amazon)",
        "k6_load_zone_id": "amazon:sa:cape town",
        "available": True,
        "custom_load_runner_image": None,
        "public": True,
    }
    assert (await http.get(ZONES, params={"k6_load_zone_id": "amazon:us"})).json() == {"value": []}


async def test_a_private_zone_is_allowed_to_projects_from_either_side(http: httpx.AsyncClient, store: Store):
    zone_id, other = await private(http), store.projects.create("other").id
    url = f"{ZONES}/{zone_id}/allowed_projects"

    both = await http.put(url, json={"value": [{"id": other}, {"id": 1}, {"id": 1}]})
    assert both.json() == {"value": [{"id": 1, "name": "Default project"}, {"id": other, "name": "other"}]}
    assert [zone["id"] for zone in (await http.get(ALLOWED)).json()["value"]] == [zone_id]

    assert (await http.put(ALLOWED, json={"value": []})).json() == {"value": []}
    assert [project["id"] for project in (await http.get(url)).json()["value"]] == [other]
    assert [
        zone["id"] for zone in (await http.put(ALLOWED, json={"value": [{"id": zone_id}]})).json()["value"]
    ] == [zone_id]


@pytest.mark.parametrize("ids", [[22, 999], [1], [22] * 501])
async def test_zones_that_are_unknown_public_or_too_many_are_400(http: httpx.AsyncClient, ids: list[int]):
    answer = await http.put(ALLOWED, json={"value": [{"id": one} for one in ids]})

    assert answer.status_code == 400
    assert (await http.get(ALLOWED)).json() == {"value": []}


async def test_an_unknown_project_is_400_in_a_list_and_404_in_a_path(http: httpx.AsyncClient):
    url = f"{ZONES}/{await private(http)}/allowed_projects"
    answer = await http.put(url, json={"value": [{"id": 1}, {"id": 9}]})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == "value.1.id"
    assert (await http.get("/cloud/v6/projects/9/allowed_load_zones")).status_code == 404
    assert (await http.put("/cloud/v6/projects/9/allowed_load_zones", json={"value": []})).status_code == 404


async def test_an_unknown_or_public_zone_has_no_list_of_projects(http: httpx.AsyncClient):
    for zone_id in (999, 1):
        url = f"{ZONES}/{zone_id}/allowed_projects"
        assert (await http.get(url)).status_code == 404
        assert (await http.put(url, json={"value": []})).status_code == 404
