import json

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store


@pytest.mark.parametrize(
    "path", ["/cloud/v6/nothing", "/nothing", "/cloud/v6/load_tests/", "/cloud/v6/load_tests/abc"]
)
async def test_an_unknown_path_is_404_in_the_error_body(http: httpx.AsyncClient, path: str):
    answer = await http.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"error": {"message": "Resource not found.", "code": "not_found"}}


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, 2**63, 10**30])
async def test_an_id_that_nothing_has_is_404(http: httpx.AsyncClient, number: int):
    for path in ("load_tests", "projects", "test_runs"):
        assert (await http.get(f"/cloud/v6/{path}/{number}")).status_code == 404


async def test_a_wrong_method_is_405_in_the_error_body(http: httpx.AsyncClient):
    answer = await http.put("/cloud/v6/projects")

    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "projects", "GET, POST"),
        ("POST", "load_tests/1", "GET, PATCH, DELETE"),
        ("DELETE", "load_tests/1/script", "GET, PUT"),
        ("GET", "load_tests/1/start", "POST"),
        ("OPTIONS", "labels/1", "PATCH, DELETE"),
    ],
)
async def test_a_wrong_method_is_told_all_that_the_path_allows(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
):
    answer = await http.request(method, f"/cloud/v6/{path}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "load_tests/9", None),
        ("GET", "projects?$orderby=age", None),
        ("POST", "projects", {"name": ""}),
        ("POST", "projects", {"name": "Default project"}),
        ("GET", "projects?$top=many", None),
    ],
)
async def test_absent_fields_of_a_failure_are_left_out(
    http: httpx.AsyncClient, method: str, path: str, body: object
):
    answer = await http.request(method, f"/cloud/v6/{path}", json=body)

    assert answer.status_code >= 400
    assert b"null" not in answer.content


@pytest.mark.parametrize("number", ["1_0", "+1", "%201", "1.0", "\u0661"])
async def test_only_plain_digits_are_an_id(http: httpx.AsyncClient, store: Store, number: str):
    for name in "bcdefghijk":
        store.projects.create(name)

    assert (await http.get(f"/cloud/v6/projects/{number}")).status_code == 404
    assert (await http.get("/cloud/v6/projects/10")).json()["name"] == "j"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"\xff",
        b'{"name": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"name": {"a": 1}}',
        b'{"name": NaN}',
        b"[" * 100_000,
        b'{"name": ' * 5000 + b"1" + b"}" * 5000,
        json.dumps({"name": "x" * 256}).encode(),
    ],
)
async def test_a_body_that_makes_no_sense_is_400_in_the_error_body(http: httpx.AsyncClient, body: bytes):
    answer = await http.post("/cloud/v6/projects", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"


async def test_a_validation_error_names_the_field(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects", json={"name": "", "colour": "red"})

    details = answer.json()["error"]["details"]
    assert {detail["target"] for detail in details} == {"name", "colour"}
    assert all(detail["message"] and detail["code"] for detail in details)


async def test_a_number_beyond_64_bits_is_400(http: httpx.AsyncClient):
    test = await http.post("/cloud/v6/projects/1/load_tests", files={"name": (None, "a")})
    for body in ({"k6_version": 2**63}, {"baseline_test_run_id": 2**63}):
        answer = await http.patch(f"/cloud/v6/load_tests/{test.json()['id']}", json=body)

        assert answer.status_code == 400


async def test_a_json_body_past_its_limit_is_413(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects", json={"name": "x" * 2_000_000})

    assert answer.status_code == 413


async def test_a_body_that_is_not_json_is_415_where_json_is_expected(http: httpx.AsyncClient):
    answer = await http.post("/cloud/v6/projects", data={"name": "a"})

    assert answer.status_code == 415
    assert answer.json()["error"]["message"] == 'Unsupported media type "application/x-www-form-urlencoded"'


async def test_names_may_hold_any_character(http: httpx.AsyncClient):
    for name in ("nul\0nul", "ünïcödé 🚀", "'; DROP TABLE projects; --", "%_\\"):
        created = await http.post("/cloud/v6/projects", json={"name": name})
        found = await http.get("/cloud/v6/projects", params={"name": name})

        assert created.status_code == 201
        assert [project["name"] for project in found.json()["value"]] == [name]
