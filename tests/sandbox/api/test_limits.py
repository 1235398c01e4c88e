from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

URL = "/cloud/v6/projects/1/limits"
NONE = {
    "vuh_max_per_month": None,
    "vu_max_per_test": None,
    "vu_browser_max_per_test": None,
    "duration_max_per_test": None,
}


async def test_a_project_has_no_limits_until_they_are_set(http: httpx.AsyncClient):
    assert (await http.get(URL)).json() == {"project_id": 1} | NONE

    answer = await http.patch(URL, json={"vu_max_per_test": 5, "duration_max_per_test": 60})
    assert (answer.status_code, answer.content) == (204, b"")
    await http.patch(URL, json={"vu_max_per_test": None, "vuh_max_per_month": 7})
    await http.patch(URL)

    assert (await http.get(URL)).json() == {"project_id": 1} | NONE | {
        "duration_max_per_test": 60,
        "vuh_max_per_month": 7,
    }


@pytest.mark.parametrize("body", [{"vu_max_per_test": 0}, {"vu_max_per_test": "many"}, {"vus": 1}, []])
async def test_a_wrong_limit_is_400(http: httpx.AsyncClient, body: Any):
    assert (await http.patch(URL, json=body)).status_code == 400


async def test_limits_of_an_unknown_project_are_404(http: httpx.AsyncClient):
    assert (await http.get("/cloud/v6/projects/9/limits")).status_code == 404
    assert (await http.patch("/cloud/v6/projects/9/limits", json={})).status_code == 404


async def test_limits_are_listed_for_all_projects_or_for_some(http: httpx.AsyncClient, store: Store):
    for name in "bcd":
        store.projects.create(name)

    async def listed(**query: str | list[str]) -> Any:
        answer = await http.get("/cloud/v6/project-limits", params=query)
        return [limits["project_id"] for limits in answer.json()["value"]]

    assert await listed() == [1, 2, 3, 4]
    assert await listed(project_id_in="4,2,9") == [2, 4]
    assert await listed(project_id_in=["4", "1"]) == [1, 4]
    assert await listed(project_id_in=["1,2", "3"]) == [1, 2, 3]
    assert await listed(project_id_in=["", "2"]) == [2]
    page = (await http.get("/cloud/v6/project-limits", params={"$top": "2", "$count": "true"})).json()
    assert (page["@count"], "%24skip=2" in page["@nextLink"]) == (4, True)


@pytest.mark.parametrize(
    "ids", ["a", "1,,2", "1_0", " 1", str(2**63), ",".join(["1"] * 31), ["1"] * 31, ["1", "a"]]
)
async def test_a_list_of_ids_that_is_none_or_too_long_is_400(http: httpx.AsyncClient, ids: str | list[str]):
    answer = await http.get("/cloud/v6/project-limits", params={"project_id_in": ids})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == "project_id_in"
