from typing import Any

import httpx

OPERATIONS = {
    ("get", "/auth"),
    ("get", "/load_tests"),
    ("get", "/load_tests/{test_id}"),
    ("patch", "/load_tests/{test_id}"),
    ("delete", "/load_tests/{test_id}"),
    ("put", "/load_tests/{test_id}/move"),
    ("get", "/load_tests/{test_id}/script"),
    ("put", "/load_tests/{test_id}/script"),
    ("post", "/load_tests/{test_id}/start"),
    ("get", "/load_tests/{test_id}/test_runs"),
    ("get", "/projects"),
    ("post", "/projects"),
    ("get", "/projects/{project_id}"),
    ("get", "/projects/{project_id}/load_tests"),
    ("post", "/projects/{project_id}/load_tests"),
    ("get", "/test_runs"),
    ("get", "/test_runs/{run_id}"),
    ("post", "/test_runs/{run_id}/abort"),
    ("get", "/test_runs/{run_id}/script"),
    ("get", "/labels"),
    ("post", "/labels"),
    ("patch", "/labels/{key_id}"),
    ("delete", "/labels/{key_id}"),
    ("get", "/load_tests/{test_id}/schedule"),
    ("post", "/load_tests/{test_id}/schedule"),
    ("get", "/load_zones"),
    ("get", "/load_zones/{zone_id}/allowed_projects"),
    ("put", "/load_zones/{zone_id}/allowed_projects"),
    ("get", "/project-limits"),
    ("patch", "/projects/{project_id}"),
    ("delete", "/projects/{project_id}"),
    ("get", "/projects/{project_id}/allowed_load_zones"),
    ("put", "/projects/{project_id}/allowed_load_zones"),
    ("get", "/projects/{project_id}/labels"),
    ("put", "/projects/{project_id}/labels"),
    ("delete", "/projects/{project_id}/labels/{key}"),
    ("get", "/projects/{project_id}/limits"),
    ("patch", "/projects/{project_id}/limits"),
    ("get", "/schedules"),
    ("get", "/schedules/{schedule_id}"),
    ("delete", "/schedules/{schedule_id}"),
    ("post", "/schedules/{schedule_id}/activate"),
    ("post", "/schedules/{schedule_id}/deactivate"),
    ("patch", "/test_runs/{run_id}"),
    ("delete", "/test_runs/{run_id}"),
    ("get", "/test_runs/{run_id}/distribution"),
    ("post", "/test_runs/{run_id}/save"),
    ("post", "/test_runs/{run_id}/star"),
    ("post", "/test_runs/{run_id}/unsave"),
    ("post", "/test_runs/{run_id}/unstar"),
    ("post", "/validate_options"),
}


async def test_the_published_schema_names_every_operation_and_its_error_body(http: httpx.AsyncClient):
    paths: dict[str, Any] = (await http.get("/openapi.json")).json()["paths"]
    api = {
        (method, path.removeprefix("/cloud/v6")): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith("/cloud/v6")
    }

    assert api.keys() == OPERATIONS
    for operation in api.values():
        failure = operation["responses"]["default"]["content"]["application/json"]["schema"]
        assert failure == {"$ref": "#/components/schemas/ErrorResponse"}
        assert "422" not in operation["responses"]
