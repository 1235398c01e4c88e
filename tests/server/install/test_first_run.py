"""From an empty home to "list my load tests": the server, started exactly as a host's file says."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.servers import content_of

from k6_cloud_mcp.install import jsonc
from k6_cloud_mcp.install.hosts import BY_NAME, Host
from k6_cloud_mcp.install.machine import Machine

PROGRAM = [sys.executable, "-m", "k6_cloud_mcp"]


def environment(home: Path, **given: str) -> dict[str, str]:
    """That of a shell in which uv does not bring the clone's environment up to date, which others use meanwhile."""
    kept = {name: os.environ[name] for name in ("PATH", "K6_PATH") if name in os.environ}
    folders = {"HOME": str(home), "USERPROFILE": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    state = {"K6_SANDBOX_DIR": str(home / "sandbox"), "K6_MCP_STATE_DIR": str(home / "state")}
    return {**kept, **folders, **state, "UV_NO_SYNC": "1", **given}


def entry(host: Host, home: Path) -> dict[str, Any]:
    """What the host's file says of the server, with the command split as every host but one has it."""
    path = host.file(Machine(sys.platform, home, home, environment(home)), "user")
    text = path.read_text("utf-8")
    found = (tomllib.loads(text) if host.is_toml else jsonc.read(text))[host.section]["k6-cloud"]
    if isinstance(found["command"], list):
        found["command"], *found["args"] = found["command"]
    return found


@asynccontextmanager
async def host_started(host: Host, home: Path, **given: str) -> AsyncGenerator[Client, None]:
    """A client that starts the server as the file says. References stay as they are, as with the hosts that do so."""
    env = environment(home, **given)
    installed = await anyio.run_process([*PROGRAM, "install", host.name, "--yes"], env=env, cwd=home)
    assert b"is written" in installed.stdout
    written = entry(host, home)
    server = StdioServerParameters(
        command=written["command"],
        args=written["args"],
        env=env | written.get("env", {}) | written.get("environment", {}),
    )
    with (home / "server.log").open("w") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            yield client


@pytest.mark.parametrize("name", ["claude-code", "codex", "opencode", "vscode"])
async def test_a_host_lists_the_load_tests_of_the_sandbox(name: str, tmp_path: Path):
    async with host_started(BY_NAME[name], tmp_path) as client:
        tests = content_of(await client.call_tool("list_load_tests", {}))
    assert tests["total"] == 3


@asynccontextmanager
async def cloud(folder: Path, port: int) -> AsyncGenerator[str, None]:
    """The API at an address of its own, which takes one token."""
    env = {**os.environ, "K6_SANDBOX_DIR": str(folder), "K6_SANDBOX_TOKEN": "planted-secret"}
    async with await anyio.open_process([*PROGRAM, "sandbox", "--port", str(port)], env=env) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            with anyio.fail_after(30):
                while not await _answers(http):
                    await anyio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/")).is_success
    except httpx.ConnectError:
        return False


def log_in(home: Path, token: str) -> None:
    """What `k6 cloud login` leaves behind."""
    path = home / ".config" / "k6" / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"collectors": {"cloud": {"token": token, "stackID": "1"}}}))


@pytest.mark.skipif(sys.platform != "linux", reason="k6 keeps its login elsewhere")
async def test_after_a_login_nothing_more_is_needed_for_the_cloud(tmp_path: Path, unused_port: int):
    log_in(tmp_path, "planted-secret")
    async with (
        cloud(tmp_path / "cloud", unused_port) as address,
        host_started(BY_NAME["cursor"], tmp_path, K6_CLOUD_HOST_V6=address) as client,
    ):
        created = content_of(await client.call_tool("create_project", {"name": "From the cloud"}))
        projects = content_of(await client.call_tool("list_projects", {}))
    assert created["id"] in [project["id"] for project in projects["rows"]]
    assert not (tmp_path / "sandbox").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="k6 keeps its login elsewhere")
async def test_a_wrong_token_is_told_with_what_to_do(tmp_path: Path, unused_port: int):
    log_in(tmp_path, "wrong-secret")
    async with (
        cloud(tmp_path / "cloud", unused_port) as address,
        host_started(BY_NAME["cursor"], tmp_path, K6_CLOUD_HOST_V6=address) as client,
    ):
        result = await client.call_tool("list_load_tests", {})
    assert result.is_error
    assert "K6_CLOUD_TOKEN" in str(result.content)
    assert "wrong-secret" not in str(result.content) + (tmp_path / "server.log").read_text()


@pytest.mark.skipif(shutil.which("claude") is None, reason="Claude Code is not on the PATH")
def test_claude_code_itself_connects_to_what_was_written(tmp_path: Path):
    env = environment(tmp_path, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")
    subprocess.run([*PROGRAM, "install", "claude-code", "--yes"], env=env, cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["claude", "mcp", "list"], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "k6-cloud" in listed.stdout
    assert "Connected" in listed.stdout
