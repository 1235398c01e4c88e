from datetime import datetime

import httpx
import pytest

from k6_cloud.labels import NewProjectLabel
from k6_cloud_sandbox.store.store import Store


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


async def test_a_project_is_renamed_to_a_free_name(http: httpx.AsyncClient):
    await http.post("/cloud/v6/projects", json={"name": "Checkout"})

    renamed = await http.patch("/cloud/v6/projects/2", json={"name": "Cart"})
    same = await http.patch("/cloud/v6/projects/2", json={"name": "Cart"})
    taken = await http.patch("/cloud/v6/projects/2", json={"name": "Default project"})

    assert (renamed.status_code, renamed.content, same.status_code) == (204, b"", 204)
    assert (taken.status_code, taken.json()["error"]["message"]) == (409, "Project name is already in use.")
    assert (await http.get("/cloud/v6/projects/2")).json()["name"] == "Cart"
    assert (await http.patch("/cloud/v6/projects/9", json={"name": "x"})).status_code == 404


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": "a", "is_default": True}])
async def test_a_project_without_a_proper_name_is_400(http: httpx.AsyncClient, body: dict[str, object]):
    assert (await http.patch("/cloud/v6/projects/1", json=body)).status_code == 400


async def test_a_project_takes_its_tests_runs_and_settings_with_it(http: httpx.AsyncClient, store: Store):
    project = store.projects.create("Checkout").id
    run = store.runs.start(store.load_tests.create(project, "a").id)
    store.labels.set_of_project(project, [NewProjectLabel(key="team", value="a")])
    store.load_zones.set_of_project(project, [22])

    running = await http.delete(f"/cloud/v6/projects/{project}")
    store.runs.abort(run.id)
    deleted = await http.delete(f"/cloud/v6/projects/{project}")

    assert running.status_code == 409
    assert running.json()["error"]["message"] == "Cannot delete project with a running test."
    assert (deleted.status_code, deleted.content) == (204, b"")
    for path in (f"projects/{project}", "load_tests/1", "test_runs/1"):
        assert (await http.get(f"/cloud/v6/{path}")).status_code == 404
    assert store.load_zones.projects(22) == []
    assert (await http.delete(f"/cloud/v6/projects/{project}")).status_code == 404


async def test_the_default_project_stays(http: httpx.AsyncClient):
    answer = await http.delete("/cloud/v6/projects/1")

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Cannot delete the default project."


async def test_there_are_1000_projects_at_most(http: httpx.AsyncClient, store: Store):
    for number in range(999):
        store.projects.create(str(number))

    answer = await http.post("/cloud/v6/projects", json={"name": "one more"})

    assert answer.status_code == 409
    assert "(1000)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("parameter", ["name", "name_search"])
async def test_a_name_past_its_length_cannot_be_looked_up(http: httpx.AsyncClient, parameter: str):
    fits = await http.get("/cloud/v6/projects", params={parameter: "x" * 255})
    too_long = await http.get("/cloud/v6/projects", params={parameter: "x" * 256})

    assert fits.json()["value"] == []
    assert too_long.status_code == 400
    assert too_long.json()["error"]["details"][0]["target"] == parameter
