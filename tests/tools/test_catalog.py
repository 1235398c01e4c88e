"""Policies that hold for every tool, and the schema of each one as it was reviewed."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from readme_tables import tokens

from k6_cloud_mcp_tools.catalog import OPERATIONS, SelectionError, select
from k6_cloud_mcp_tools.tool import K6Tool

SCHEMAS = Path(__file__).parent.parent / "schemas"
TOOLS = {operation.name: operation.build() for operation in OPERATIONS}
VERBS = (
    "abort|activate|chart|compare|create|deactivate|delete|download|get|lint|list|move|query|restore|set|star|start|unstar|update|"
    "upload|validate|wait"
)
EVERY_TOOL = pytest.mark.parametrize("name", TOOLS)

# What they cost when this was last looked at. A change that adds more than 5 % has to say so here.
SEED_TOKENS, DEFAULT_TOKENS, GROWTH = 1_569, 4_671, 1.05
SEED = {
    "list_load_tests",
    "get_load_test",
    "delete_load_test",
    "update_load_test",
    "move_load_test",
    "download_load_test_script",
    "upload_load_test_script",
    "start_load_test",
    "list_project_load_tests",
    "create_load_test",
    "validate_options",
}
GUARDED = {
    "activate_schedule",
    "create_load_test_schedule",
    "delete_schedule",
    "delete_label",
    "delete_load_test",
    "delete_project",
    "delete_project_label",
    "delete_test_run",
    "move_load_test",
    "restore_load_test_script",
    "set_load_zone_projects",
    "set_project_labels",
    "set_project_load_zones",
    "start_load_test",
    "update_project_limits",
    "upload_load_test_script",
}


def published(tool: K6Tool) -> dict[str, Any]:
    assert tool.annotations is not None
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "annotations": tool.annotations.model_dump(by_alias=True, exclude_none=True),
        "inputSchema": tool.parameters,
        "outputSchema": tool.output_schema,
    }


def test_every_documented_operation_is_a_tool():
    assert TOOLS.keys() >= SEED


def test_what_destroys_moves_starts_or_replaces_is_guarded():
    assert {operation.name for operation in OPERATIONS if operation.is_guarded} == GUARDED


@EVERY_TOOL
def test_a_tool_keeps_its_reviewed_schema(name: str):
    snapshot = SCHEMAS / f"{name}.json"
    text = json.dumps(published(TOOLS[name]), indent=2) + "\n"
    if os.environ.get("UPDATE_SCHEMAS"):
        snapshot.write_text(text, "utf-8")
    assert snapshot.read_text("utf-8") == text, (
        "changed on purpose? UPDATE_SCHEMAS=1 uv run pytest, then review it"
    )


def test_the_seed_s_tools_and_the_default_toolsets_keep_to_their_budget_of_tokens():
    seed = tokens(operation for operation in OPERATIONS if operation.name in SEED)
    assert seed <= min(1_600, SEED_TOKENS * GROWTH)
    assert tokens(select()) <= min(5_500, DEFAULT_TOKENS * GROWTH)


def test_no_schema_is_kept_for_a_tool_that_is_gone():
    assert {file.stem for file in SCHEMAS.iterdir()} == TOOLS.keys()


@EVERY_TOOL
def test_a_name_is_a_verb_and_a_noun(name: str):
    assert re.fullmatch(rf"({VERBS})(_[a-z0-9]+)+", name)


@EVERY_TOOL
def test_every_safety_hint_is_stated(name: str):
    hints = TOOLS[name].annotations
    assert hints is not None
    stated = [hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint]
    assert None not in stated
    assert not (hints.read_only_hint and hints.destructive_hint)


@EVERY_TOOL
def test_a_description_is_short_and_a_title_is_there(name: str):
    assert 10 <= len(TOOLS[name].description) <= 160
    assert TOOLS[name].title


@EVERY_TOOL
def test_unknown_arguments_are_refused_and_references_inlined(name: str):
    tool = TOOLS[name]
    assert tool.parameters["additionalProperties"] is False
    schemas = json.dumps([tool.parameters, tool.output_schema])
    assert "$ref" not in schemas
    assert "$defs" not in schemas


@EVERY_TOOL
def test_an_argument_that_names_something_says_where_to_find_it(name: str):
    for argument, schema in TOOLS[name].parameters["properties"].items():
        if argument.endswith("_id") and schema["type"] == "integer":
            assert "list_" in schema["description"], argument


@EVERY_TOOL
def test_a_guarded_tool_takes_a_token_and_answers_in_an_envelope(name: str):
    tool = TOOLS[name]
    # A picture has no schema.
    output = tool.output_schema or {"properties": {}}
    assert ("confirmation_token" in tool.parameters["properties"]) == (name in GUARDED)
    assert ("confirmed_by" in output["properties"]) == (name in GUARDED)


def test_toolsets_and_single_tools_are_chosen_in_catalogue_order():
    names = [
        operation.name
        for operation in select(["limits"], tools=["get_load_test"], exclude=["list_project_limits"])
    ]
    assert names == ["get_load_test", "get_project_limits", "update_project_limits"]


def test_all_is_every_toolset():
    assert select(["all"]) == OPERATIONS


def test_read_only_takes_out_every_write_whatever_else_asks_for_it():
    chosen = select(["all"], tools=["delete_load_test"], read_only=True)
    assert "get_load_test" in [operation.name for operation in chosen]
    assert not any(operation.writes for operation in chosen)


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
