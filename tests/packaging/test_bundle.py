"""The bundle for Claude Desktop, as its builder makes it."""

import json
import os
import runpy
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from .conftest import ROOT

ROOMS = ("client", "runner", "sandbox", "tools", "prompts", "server")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    built: Path = runpy.run_path(str(ROOT / "packaging" / "mcpb" / "build.py"))["build"](tmp_path)
    return built


def test_it_holds_the_manifest_and_what_the_manifest_starts(bundle: Path):
    with ZipFile(bundle) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["server"]["entry_point"] in names
    assert "pyproject.toml" in names
    assert {name.split("/")[0] for name in names if "/" in name} == set(ROOMS)
    assert not [name for name in names if "__pycache__" in name or ".env" in name]


def test_the_same_sources_make_the_same_bundle(bundle: Path):
    before = bundle.read_bytes()
    runpy.run_path(str(ROOT / "packaging" / "mcpb" / "build.py"))["build"](bundle.parent)
    assert bundle.read_bytes() == before


async def test_the_server_in_it_starts_and_lists_its_tools(bundle: Path, tmp_path: Path):
    with ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "unpacked")
        config = json.loads(archive.read("manifest.json"))["server"]["mcp_config"]
    # Optional values that the user left blank, as hosts differ in handing them on.
    env = {**os.environ, **config["env"], "K6_MCP_READ_ONLY": "true", "K6_SANDBOX_DIR": str(tmp_path)}
    env["PYTHONPATH"] = os.pathsep.join(str(tmp_path / "unpacked" / room) for room in ROOMS)
    server = StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env)
    with (tmp_path / "server.log").open("w") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
    assert "list_load_tests" in tools
    assert "delete_load_test" not in tools
