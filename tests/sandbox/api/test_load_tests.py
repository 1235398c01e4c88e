from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store

JS = b"export default function () {}\n"
BINARY = {"Content-Type": "application/octet-stream"}
DONE = Ending("completed", "passed")


async def create(
    http: httpx.AsyncClient, name: str = "a", script: bytes | None = JS, project: int = 1
) -> Any:
    parts: dict[str, Any] = {"name": (None, name)}
    if script is not None:
        parts["script"] = ("script", script)
    return (await http.post(f"/cloud/v6/projects/{project}/load_tests", files=parts)).json()


def finish(store: Store, run_id: int) -> None:
    assert store.queue.claim("engine", 99) == run_id
    store.queue.end(run_id, "engine", DONE)


async def test_a_test_is_created_and_read_back(http: httpx.AsyncClient):
    parts = {"name": (None, "Checkout"), "k6_version": (None, "3"), "script": ("script", JS)}
    created = await http.post("/cloud/v6/projects/1/load_tests", files=parts)
    read = await http.get(f"/cloud/v6/load_tests/{created.json()['id']}")

    assert created.status_code == 201
    assert read.json() == created.json()
    assert created.json() | {"created": "", "updated": ""} == {
        "id": 1,
        "project_id": 1,
        "name": "Checkout",
        "baseline_test_run_id": None,
        "k6_version": 3,
        "created": "",
        "updated": "",
    }


async def test_a_test_may_be_created_without_a_script(http: httpx.AsyncClient):
    test = await create(http, script=None)

    assert (await http.get(f"/cloud/v6/load_tests/{test['id']}/script")).status_code == 404


async def test_a_name_is_taken_once_in_a_project(http: httpx.AsyncClient, store: Store):
    await create(http, "same")
    other = store.projects.create("Other")

    taken = await http.post("/cloud/v6/projects/1/load_tests", files={"name": (None, "same")})
    free = await http.post(f"/cloud/v6/projects/{other.id}/load_tests", files={"name": (None, "same")})

    assert taken.status_code == 409
    assert taken.json()["error"]["message"] == "The name is already taken."
    assert free.status_code == 201


@pytest.mark.parametrize(
    ("parts", "target"),
    [
        ({"script": ("script", JS)}, "name"),
        ({"name": (None, "")}, "name"),
        ({"name": (None, "x" * 301)}, "name"),
        ({"name": (None, "a"), "k6_version": (None, "newest")}, "k6_version"),
        ({"name": (None, "a"), "script": ("script", b"")}, "script"),
    ],
)
async def test_a_create_request_with_a_wrong_part_is_400(http: httpx.AsyncClient, parts: Any, target: str):
    answer = await http.post("/cloud/v6/projects/1/load_tests", files=parts)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == target


async def test_creating_in_an_unknown_project_is_404(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects/99/load_tests", files={"name": (None, "a")})

    assert answer.status_code == 404


async def test_creating_with_json_is_415(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects/1/load_tests", json={"name": "a"})

    assert answer.status_code == 415
    assert answer.json()["error"]["message"] == 'Unsupported media type "application/json"'


async def test_a_multipart_body_without_boundary_is_400(http: httpx.AsyncClient):
    answer = await http.post(
        "/cloud/v6/projects/1/load_tests", content=b"x", headers={"Content-Type": "multipart/form-data"}
    )

    assert answer.status_code == 400


async def test_tests_of_a_project_are_listed_apart(http: httpx.AsyncClient, store: Store):
    other = store.projects.create("Other")
    await create(http, "here")
    await create(http, "there", project=other.id)

    answer = await http.get(f"/cloud/v6/projects/{other.id}/load_tests")

    assert [test["name"] for test in answer.json()["value"]] == ["there"]
    assert (await http.get("/cloud/v6/projects/99/load_tests")).status_code == 404


async def test_the_name_filter_matches_exactly(http: httpx.AsyncClient):
    await create(http, "Smoke")
    await create(http, "Smoke test")

    answer = await http.get("/cloud/v6/load_tests", params={"name": "Smoke"})

    assert [test["name"] for test in answer.json()["value"]] == ["Smoke"]


async def test_a_patch_sets_what_it_names_and_no_more(http: httpx.AsyncClient):
    test = await create(http)
    path = f"/cloud/v6/load_tests/{test['id']}"

    answer = await http.patch(path, json={"k6_version": 2})
    patched = (await http.get(path)).json()
    await http.patch(path, json={"k6_version": None, "name": "b"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert patched["k6_version"] == 2
    assert patched["name"] == "a"
    assert patched["updated"] > test["updated"]
    assert (await http.get(path)).json()["k6_version"] is None


@pytest.mark.parametrize("request_body", [{}, {"json": {}}, {"json": {"name": "a"}}])
async def test_a_patch_that_changes_nothing_is_fine(http: httpx.AsyncClient, request_body: Any):
    test = await create(http)

    assert (await http.patch(f"/cloud/v6/load_tests/{test['id']}", **request_body)).status_code == 204


@pytest.mark.parametrize(
    "body", [{"name": None}, {"name": ""}, {"colour": 1}, {"baseline_test_run_id": 5}, []]
)
async def test_a_patch_with_a_wrong_field_is_400(http: httpx.AsyncClient, body: Any):
    test = await create(http)

    assert (await http.patch(f"/cloud/v6/load_tests/{test['id']}", json=body)).status_code == 400


async def test_a_patch_to_a_taken_name_is_409(http: httpx.AsyncClient):
    await create(http, "a")
    test = await create(http, "b")

    assert (await http.patch(f"/cloud/v6/load_tests/{test['id']}", json={"name": "a"})).status_code == 409


async def test_a_run_of_the_test_can_be_its_baseline(http: httpx.AsyncClient):
    test = await create(http)
    run = (await http.post(f"/cloud/v6/load_tests/{test['id']}/start")).json()

    answer = await http.patch(f"/cloud/v6/load_tests/{test['id']}", json={"baseline_test_run_id": run["id"]})

    assert answer.status_code == 204
    assert (await http.get(f"/cloud/v6/load_tests/{test['id']}")).json()["baseline_test_run_id"] == run["id"]


async def test_a_move_takes_the_runs_along(http: httpx.AsyncClient, store: Store):
    test = await create(http)
    run = (await http.post(f"/cloud/v6/load_tests/{test['id']}/start")).json()
    other = store.projects.create("Other")

    answer = await http.put(f"/cloud/v6/load_tests/{test['id']}/move", json={"project_id": other.id})

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await http.get(f"/cloud/v6/load_tests/{test['id']}")).json()["project_id"] == other.id
    assert (await http.get(f"/cloud/v6/test_runs/{run['id']}")).json()["project_id"] == other.id


async def test_a_move_to_where_the_name_is_taken_is_409(http: httpx.AsyncClient, store: Store):
    test = await create(http, "same")
    other = store.projects.create("Other")
    await create(http, "same", project=other.id)

    answer = await http.put(f"/cloud/v6/load_tests/{test['id']}/move", json={"project_id": other.id})

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Test with the same name exists in the destination."


@pytest.mark.parametrize(
    ("body", "status"),
    [({"project_id": 99}, 404), ({"project_id": 1}, 204), ({}, 400), ({"project_id": "x"}, 400)],
)
async def test_a_move_needs_a_project_that_exists(http: httpx.AsyncClient, body: Any, status: int):
    test = await create(http)

    assert (await http.put(f"/cloud/v6/load_tests/{test['id']}/move", json=body)).status_code == status


async def test_deleting_a_test_deletes_its_runs(http: httpx.AsyncClient, store: Store):
    test = await create(http)
    run = (await http.post(f"/cloud/v6/load_tests/{test['id']}/start")).json()
    finish(store, run["id"])

    answer = await http.delete(f"/cloud/v6/load_tests/{test['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await http.get(f"/cloud/v6/load_tests/{test['id']}")).status_code == 404
    assert (await http.get(f"/cloud/v6/test_runs/{run['id']}")).status_code == 404
    assert (await http.delete(f"/cloud/v6/load_tests/{test['id']}")).status_code == 404


async def test_deleting_a_running_test_is_409(http: httpx.AsyncClient):
    test = await create(http)
    await http.post(f"/cloud/v6/load_tests/{test['id']}/start")

    answer = await http.delete(f"/cloud/v6/load_tests/{test['id']}")

    assert answer.status_code == 409
    assert answer.json()["error"] == {
        "message": "Cannot delete test while it's running.",
        "code": "conflict",
    }


async def test_a_start_answers_with_every_key_of_a_run_and_its_page(http: httpx.AsyncClient):
    test = await create(http)

    answer = await http.post(f"/cloud/v6/load_tests/{test['id']}/start")

    run = answer.json()
    assert answer.status_code == 200
    assert run["test_run_details_page_url"] == f"http://127.0.0.1:6580/runs/{run['id']}"
    assert run["status"] == run["status_details"]["type"] == "created"
    assert {key for key, value in run.items() if value is None} == {
        "ended",
        "retention_expiry",
        "cost",
        "distribution",
        "result",
        "result_details",
        "options",
        "max_vus",
        "max_browser_vus",
        "estimated_duration",
    }
    assert len(run) == 24


async def test_one_idempotency_key_stands_for_one_run_of_one_test(http: httpx.AsyncClient):
    first, second = await create(http, "a"), await create(http, "b")

    async def start(test: Any, key: str) -> int:
        headers = {"K6-Idempotency-Key": key}
        return (await http.post(f"/cloud/v6/load_tests/{test['id']}/start", headers=headers)).json()["id"]

    assert await start(first, "k") == await start(first, "k")
    assert len({await start(first, "k"), await start(first, "l"), await start(second, "k")}) == 3


@pytest.mark.parametrize(("key", "runs"), [("", 2), ("x" * 37, 1)])
async def test_an_empty_idempotency_key_is_none_and_a_long_one_counts(
    http: httpx.AsyncClient, key: str, runs: int
):
    path, headers = f"/cloud/v6/load_tests/{(await create(http))['id']}/start", {"K6-Idempotency-Key": key}

    answers = [(await http.post(path, headers=headers)).json()["id"] for _ in range(2)]

    assert len(set(answers)) == runs


async def test_the_runs_of_a_test_are_filtered_by_time_and_star(http: httpx.AsyncClient):
    test = await create(http)
    path = f"/cloud/v6/load_tests/{test['id']}/test_runs"
    first, second, third = [
        (await http.post(f"/cloud/v6/load_tests/{test['id']}/start")).json() for _ in range(3)
    ]

    async def found(**query: str) -> list[int]:
        return [run["id"] for run in (await http.get(path, params=query)).json()["value"]]

    assert await found(created_after=second["created"]) == [second["id"], third["id"]]
    assert await found(created_before=second["created"]) == [first["id"]]
    assert await found(is_starred="true") == []
    assert await found(**{"$orderby": "created desc"}) == [third["id"], second["id"], first["id"]]


@pytest.mark.parametrize(
    "query",
    [
        {"created_after": "soon"},
        {"is_starred": "very"},
        {"$orderby": "id"},
        {"created_after": "0001-01-01T00:00:00+14:00"},
    ],
)
async def test_a_filter_of_runs_that_makes_no_sense_is_400(http: httpx.AsyncClient, query: dict[str, str]):
    test = await create(http)

    assert (await http.get(f"/cloud/v6/load_tests/{test['id']}/test_runs", params=query)).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", ""),
        ("PUT", "/move"),
        ("GET", "/script"),
        ("PUT", "/script"),
        ("POST", "/start"),
        ("GET", "/test_runs"),
    ],
)
async def test_every_operation_on_an_unknown_test_is_404(http: httpx.AsyncClient, method: str, path: str):
    body: dict[str, Any] = {"json": {"project_id": 1}} if path == "/move" else {}
    if (method, path) == ("PUT", "/script"):
        body = {"content": JS, "headers": BINARY}

    assert (await http.request(method, f"/cloud/v6/load_tests/99{path}", **body)).status_code == 404
