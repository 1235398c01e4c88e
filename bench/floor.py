"""The floor: the eleven tools written as plainly as the SDK allows. `python bench/floor.py [port]`, stdio without one."""

import os
import sys
from typing import Any

import httpx
from mcp.server.mcpserver import MCPServer

server = MCPServer("floor")
api = httpx.AsyncClient(
    base_url=os.environ["BENCH_UPSTREAM"] + "/cloud/v6",
    headers={"Authorization": "Bearer bench", "X-Stack-Id": "1"},
)


async def _json(method: str, path: str, **request: Any) -> dict[str, Any]:
    response = await api.request(method, path, **request)
    response.raise_for_status()
    return response.json() if response.content else {}


def _query(name: str | None, top: int | None, skip: int | None, orderby: str | None) -> dict[str, Any]:
    given = {"name": name, "$top": top, "$skip": skip, "$orderby": orderby}
    return {key: value for key, value in given.items() if value is not None}


@server.tool()
async def list_load_tests(
    name: str | None = None, top: int | None = None, skip: int | None = None, orderby: str | None = None
) -> dict[str, Any]:
    """List all load tests."""
    return await _json("GET", "/load_tests", params=_query(name, top, skip, orderby))


@server.tool()
async def list_project_load_tests(
    project_id: int,
    name: str | None = None,
    top: int | None = None,
    skip: int | None = None,
    orderby: str | None = None,
) -> dict[str, Any]:
    """List the load tests of a project."""
    return await _json("GET", f"/projects/{project_id}/load_tests", params=_query(name, top, skip, orderby))


@server.tool()
async def get_load_test(load_test_id: int) -> dict[str, Any]:
    """Get a load test."""
    return await _json("GET", f"/load_tests/{load_test_id}")


@server.tool()
async def create_load_test(project_id: int, name: str, script: str) -> dict[str, Any]:
    """Create a load test."""
    return await _json(
        "POST",
        f"/projects/{project_id}/load_tests",
        data={"name": name},
        files={"script": script.encode()},
    )


@server.tool()
async def update_load_test(load_test_id: int, name: str) -> dict[str, Any]:
    """Update a load test."""
    return await _json("PATCH", f"/load_tests/{load_test_id}", json={"name": name})


@server.tool()
async def delete_load_test(load_test_id: int) -> dict[str, Any]:
    """Delete a load test."""
    return await _json("DELETE", f"/load_tests/{load_test_id}")


@server.tool()
async def move_load_test(load_test_id: int, project_id: int) -> dict[str, Any]:
    """Move a load test to another project."""
    return await _json("PUT", f"/load_tests/{load_test_id}/move", json={"project_id": project_id})


@server.tool()
async def download_load_test_script(load_test_id: int) -> str:
    """Download the script of a load test."""
    response = await api.get(f"/load_tests/{load_test_id}/script")
    response.raise_for_status()
    return response.text


@server.tool()
async def upload_load_test_script(load_test_id: int, script: str) -> dict[str, Any]:
    """Upload the script of a load test."""
    return await _json("PUT", f"/load_tests/{load_test_id}/script", content=script.encode())


@server.tool()
async def start_load_test(load_test_id: int) -> dict[str, Any]:
    """Start a load test."""
    return await _json("POST", f"/load_tests/{load_test_id}/start")


@server.tool()
async def validate_options(options: dict[str, Any], project_id: int | None = None) -> dict[str, Any]:
    """Validate k6 options and estimate their cost."""
    given = {"options": options, "project_id": project_id}
    return await _json("POST", "/validate_options", json=given)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
