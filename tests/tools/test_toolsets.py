"""Which tools there are and which of them are on, without loading any."""

import re
import subprocess
import sys
from typing import Any

import pytest

from k6_cloud_mcp_tools.toolsets import TOOLS, SelectionError, select


def test_toolsets_and_single_tools_are_chosen_in_catalogue_order():
    names = [
        tool.name for tool in select(["limits"], tools=["get_load_test"], exclude=["list_project_limits"])
    ]
    assert names == ["get_load_test", "get_project_limits", "update_project_limits"]


def test_all_is_every_toolset():
    assert select(["all"]) == TOOLS


def test_read_only_takes_out_every_write_whatever_else_asks_for_it():
    chosen = select(["all"], tools=["delete_load_test"], read_only=True)
    assert "get_load_test" in [tool.name for tool in chosen]
    assert not any(tool.writes for tool in chosen)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"toolsets": ["load_test"]}, "no toolset 'load_test'. Did you mean load_tests?"),
        ({"tools": ["start_loadtest"]}, "Did you mean start_load_test?"),
        ({"exclude": ["x"]}, "no tool 'x'"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error_with_a_suggestion(choice: dict[str, Any], words: str):
    with pytest.raises(SelectionError, match=re.escape(words)):
        select(**choice)


def test_no_tool_is_loaded_for_it():
    code = "import sys, k6_cloud_mcp_tools.toolsets; sys.exit('k6_cloud_mcp_tools.catalog' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
