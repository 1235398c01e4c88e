from datetime import datetime

import httpx


async def test_a_project_is_created_and_read_back(http: httpx.AsyncClient):
    created = await http.post("/cloud/v6/projects", json={"name": "Checkout"})
    read = await http.get(f"/cloud/v6/projects/{created.json()['id']}")

    assert created.status_code == 201
    assert read.json() == created.json()
    assert created.json() | {"created": "", "updated": ""} == {
        "id": 2,
        "name": "Checkout",
        "is_default": False,
        "grafana_folder_uid": None,
        "created": "",
        "updated": "",
        "labels": {},
    }


async def test_dates_are_utc_with_a_zone(http: httpx.AsyncClient):
    created = (await http.get("/cloud/v6/projects/1")).json()["created"]

    assert created.endswith("Z")
    assert datetime.fromisoformat(created)


async def test_a_project_name_is_taken_only_once(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects", json={"name": "Default project"})

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Project name is already in use."


async def test_projects_are_found_by_name_and_by_a_part_of_it(http: httpx.AsyncClient):
    await http.post("/cloud/v6/projects", json={"name": "Default"})

    exact = await http.get("/cloud/v6/projects", params={"name": "Default"})
    part = await http.get("/cloud/v6/projects", params={"name_search": "dEFAULT"})

    assert [project["name"] for project in exact.json()["value"]] == ["Default"]
    assert [project["name"] for project in part.json()["value"]] == ["Default project", "Default"]


async def test_projects_are_ordered_by_name(http: httpx.AsyncClient):
    await http.post("/cloud/v6/projects", json={"name": "Another"})

    answer = await http.get("/cloud/v6/projects", params={"$orderby": "name"})

    assert [project["name"] for project in answer.json()["value"]] == ["Another", "Default project"]
