"""Which tools are on is the operator's choice, by environment or command line."""

import os
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp_tools.toolsets import DEFAULT_TOOLSETS, TOOLSETS


def test_the_default_is_what_the_daily_job_needs():
    assert Settings.load().published() == [one for name in DEFAULT_TOOLSETS for one in TOOLSETS[name]]


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_MCP_TOOLSETS", "limits, labels")
    monkeypatch.setenv("K6_MCP_EXCLUDE_TOOLS", "delete_label")
    monkeypatch.setenv("K6_MCP_READ_ONLY", "true")
    names = [tool.name for tool in Settings.load().published()]
    assert names == ["list_project_limits", "get_project_limits", "list_labels", "list_project_labels"]


def test_a_toolset_that_does_not_exist_is_a_start_up_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_MCP_TOOLSETS", "load_test")
    with pytest.raises(SettingsError, match="Did you mean load_tests"):
        Settings.load().published()


async def test_the_command_line_wins_over_the_environment(tmp_path: Path):
    env = {
        **os.environ,
        "K6_MCP_BACKEND": "sandbox",
        "K6_SANDBOX_DIR": str(tmp_path),
        "K6_MCP_TOOLSETS": "labels",
    }
    arguments = ["-m", "k6_cloud_mcp", "serve", "--toolsets", "load_tests", "--read-only"]
    command = StdioServerParameters(command=sys.executable, args=arguments, env=env)
    async with Client(stdio_client(command)) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        text = client.instructions or ""
    assert names == {"list_load_tests", "list_project_load_tests", "get_load_test", "validate_options"}
    assert "All tools only read" in text
