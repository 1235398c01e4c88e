"""The tools are listed before they are loaded, and loaded before they are called."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import anyio
import pytest

from k6_cloud_mcp.startup import Loading, load, load_tool
from k6_cloud_mcp_tools.catalog import tool_of
from k6_cloud_mcp_tools.toolsets import TOOLS, Published, select

LIST = """
import sys
from functools import partial
import anyio
from mcp import Client
from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp.config.settings import Settings

CATALOG = "k6_cloud_mcp_tools.catalog"

async def main():
    settings = Settings()
    server = build_server(partial(open_backend, settings, local_files=True), settings.published(), sandbox=True)
    async with Client(server) as client:
        assert len((await client.list_tools()).tools) > 30
        print("after the list:", CATALOG in sys.modules)
        {then}
        print("in the end:", CATALOG in sys.modules)

anyio.run(main)
"""
PROGRAM = "import gc, sys; from k6_cloud_mcp.__main__ import main; sys.argv = ['k6-cloud-mcp', *{!r}]; {}"
CALL = 'assert not (await client.call_tool("list_projects", {})).is_error'
WAIT = """
        with anyio.fail_after(30):
            while CATALOG not in sys.modules:
                await anyio.sleep(0.05)
"""


@pytest.mark.parametrize("then", [CALL, WAIT.strip()], ids=["by the first call", "unasked"])
def test_tools_are_loaded_after_they_were_listed(then: str, tmp_path: Path):
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path)}
    program = LIST.replace("{then}", then)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False
    )
    assert result.stdout.split("\n")[:2] == ["after the list: False", "in the end: True"], result.stderr


@pytest.mark.parametrize("command", [["audit"], ["serve"]], ids=["a command", "a server"])
def test_garbage_is_collected_once_the_start_is_over(command: list[str]):
    # `serve` ends at once, because there is nobody at the other end of stdin.
    run = "\ntry: main()\nexcept SystemExit: pass\nprint(gc.isenabled(), gc.get_freeze_count() > 10000)"
    program = PROGRAM.format(command, run)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert result.stdout.splitlines()[-1] == "True True", result.stderr


async def test_nothing_is_loaded_unless_it_is_wanted():
    asked: list[str] = []

    def note(tools: Iterable[Published]) -> None:
        asked.extend(tool.name for tool in tools)

    loading = Loading(select([], ["get_load_test"]), note)
    async with loading.when_wanted():
        await anyio.sleep(0.1)
        assert asked == []
        loading.want()
        with anyio.fail_after(10):
            while not asked:
                await anyio.sleep(0.01)
    assert asked == ["get_load_test"]


def test_loaded_tools_are_those_of_the_catalogue():
    tools = select([], ["get_load_test", "start_load_test"])
    load(tools)
    assert [load_tool(tool.name) is tool_of(tool.name) for tool in tools] == [True, True]


BROKEN = """
import sys
from functools import partial
import anyio
from mcp import Client
from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp.config.settings import Settings

# As Python leaves a module that must not be imported.
sys.modules[{module!r}] = None

async def main():
    settings = Settings(toolsets=("all",))
    server = build_server(partial(open_backend, settings, local_files=True), settings.published(), sandbox=True)
    async with Client(server) as client:
        listed = len((await client.list_tools()).tools)
        await anyio.sleep(0.5)
        broken = await client.call_tool({tool!r}, {arguments!r})
        print(listed, broken.is_error, broken.content[0].text)
        print((await client.call_tool("list_load_zones", {{}})).is_error)

anyio.run(main)
"""


@pytest.mark.parametrize(
    ("module", "tool", "arguments"),
    [
        ("k6_cloud_mcp_tools.operations.charts", "chart_test_run", {"test_run_id": 1}),
        ("k6_cloud_mcp_tools.operations.schedules", "list_schedules", {}),
        ("k6_cloud_mcp_tools.metrics.queries", "query_test_run_metrics", {"test_run_id": 1}),
    ],
)
def test_a_module_that_cannot_be_imported_leaves_the_other_tools_as_they_are(
    tmp_path: Path, module: str, tool: str, arguments: dict[str, int]
):
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path)}
    program = BROKEN.format(module=module, tool=tool, arguments=arguments)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False
    )
    assert result.returncode == 0, result.stderr
    told, other = result.stdout.splitlines()
    assert told.startswith(f"{len(TOOLS)} True {tool} was not called: a part of this server cannot be loaded")
    assert "ModuleNotFoundError" in told
    assert "Other tools work." in told
    assert other == "False"
