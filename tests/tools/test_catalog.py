"""Policies that hold for every tool, and that what is published is what was reviewed."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pytest
from support.readme_tables import tokens

import k6_cloud_mcp_tools
from k6_cloud_mcp_tools import toolsets
from k6_cloud_mcp_tools.catalog import OPERATIONS, published, tool_of

FILE = Path(k6_cloud_mcp_tools.__path__[0]) / "catalog.json"
TOOLS = {operation.name: tool_of(operation.name) for operation in OPERATIONS}
VERBS = (
    "abort|activate|chart|compare|copy|create|deactivate|delete|download|edit|get|lint|list|move|query|report|restore|"
    "search|set|star|start|try|unstar|update|upload|validate|wait"
)
EVERY_TOOL = pytest.mark.parametrize("name", TOOLS)

SEED_TOKENS, DEFAULT_TOKENS = 1_800, 5_500
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
GUARDED = {operation.name for operation in OPERATIONS if operation.is_guarded}


def test_every_documented_operation_is_a_tool():
    assert TOOLS.keys() >= SEED


def test_what_destroys_or_starts_is_guarded_but_for_what_ends_a_run():
    for operation in OPERATIONS:
        hints = operation.annotations
        if (hints.destructive_hint or hints.open_world_hint) and not operation.ends_run:
            assert operation.is_guarded, operation.name


@pytest.mark.parametrize("verb", ["activate", "delete", "move", "restore", "start"])
def test_these_verbs_are_guarded(verb: str):
    named = [operation for operation in OPERATIONS if operation.name.startswith(f"{verb}_")]
    assert named
    assert all(operation.is_guarded for operation in named)


def test_the_seed_s_tools_and_the_default_toolsets_keep_to_their_budget_of_tokens():
    seed = tokens(tool for tool in toolsets.TOOLS if tool.name in SEED)
    assert seed <= SEED_TOKENS
    assert tokens(toolsets.select()) <= DEFAULT_TOKENS


def test_what_is_published_is_what_was_reviewed():
    made = {name: [asdict(tool) for tool in tools] for name, tools in published().items()}
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_CATALOG"):
        FILE.write_text(text, "utf-8")
    assert FILE.read_text("utf-8") == text, (
        "changed on purpose? UPDATE_CATALOG=1 uv run pytest, then review it"
    )


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


# What the converters of all hosts to their models' formats know. Gemini refuses a whole list for one unknown keyword, and
# takes only texts in an enum; OpenAI takes no union of types.
KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "description", "default", "format", "pattern",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties",
}  # fmt: skip
TYPES = {"object", "array", "string", "integer", "number", "boolean"}


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for node in inner:
        if isinstance(node, dict):
            yield from nodes(cast(dict[str, Any], node))


@EVERY_TOOL
def test_its_arguments_are_described_as_the_converters_of_all_hosts_can_take(name: str):
    for node in nodes(TOOLS[name].parameters):
        assert node.keys() <= KEYWORDS
        assert node["type"] in TYPES
        assert all(isinstance(value, str) for value in node.get("enum", ()))
        assert ("items" in node) == (node["type"] == "array")
        assert {*node.get("required", ())} <= {*node.get("properties", ())}
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", key) for key in node.get("properties", ()))
        # No look-around: the engines of some hosts have none.
        assert "(?" not in node.get("pattern", "")
    assert re.fullmatch(r"[a-z_]{1,64}", name)
    assert len(TOOLS[name].description or "") <= 1024
