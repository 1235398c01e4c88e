"""What hosts send for an argument, and what a tool takes it for."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from support.servers import World, content_of, text_of

from k6_cloud_mcp_tools.argument_values import fitted, whole_number
from k6_cloud_mcp_tools.catalog import OPERATIONS, tool_of

TOOLS = {operation.name: tool_of(operation.name) for operation in OPERATIONS}
NO_NUMBERS = [
    True, False, "1_0", " 1", "1 ", "0x1", "\uff11", "\u0661", 1.5, "1.0", "1e3", "+1", "01", "--1", "", "one", math.nan, math.inf,
    "NaN", 2**63, 1e300, "9" * 20, "9" * 5000, [1], {"id": 1},
]  # fmt: skip
# Other arguments that a tool needs, to be called at all.
NEEDED: dict[str, Any] = {
    "string": "2030-01-01T00:00:00Z", "integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {},
}  # fmt: skip


def integers(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of all whole numbers in a schema; `[]` stands for an item of a list."""
    if schema.get("type") == "integer":
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from integers(inner, (*path, name))
    if "items" in schema:
        yield from integers(schema["items"], (*path, "[]"))


def placed(path: tuple[str, ...], value: Any) -> Any:
    """`value` at a place, with nothing beside it."""
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


PLACES = [(name, path) for name, tool in TOOLS.items() for path in integers(tool.parameters)]


@pytest.mark.parametrize(("name", "path"), PLACES, ids=[f"{name}:{'.'.join(path)}" for name, path in PLACES])
def test_no_whole_number_of_any_tool_takes_what_only_resembles_one(name: str, path: tuple[str, ...]):
    tool = TOOLS[name]
    required = {
        key: NEEDED[tool.parameters["properties"][key]["type"]] for key in tool.parameters.get("required", ())
    }
    for value in NO_NUMBERS:
        if value == "" and path[-1] != "[]" and path[0] not in required:
            # The same as leaving it out.
            continue
        with pytest.raises(ValidationError) as refused:
            tool.fn_metadata.validate_arguments(required | placed(path, value))
        place = tuple(0 if part == "[]" else part for part in path)
        assert [error["msg"] for error in refused.value.errors() if error["loc"] == place] == [
            "should be a whole number, such as 12"
        ]


def test_there_are_such_places_in_lists_and_in_nested_objects():
    assert ("compare_test_runs", ("test_run_ids", "[]")) in PLACES
    assert any(len(path) == 2 and path[0] == "recurrence_rule" for _, path in PLACES)
    assert len(PLACES) > 60


@pytest.mark.parametrize(
    ("value", "number"),
    [(2, 2), (2.0, 2), ("2", 2), ("-5", -5), (0, 0), ("0", 0), (2**63 - 1, 2**63 - 1), ("9223372036854775807", 2**63 - 1)],
)  # fmt: skip
def test_whole_numbers_come_in_several_ways(value: Any, number: int):
    assert (whole_number(value), type(whole_number(value))) == (number, int)


@pytest.mark.parametrize("value", [True, "1_0", " 1", "\uff11", 1.5])
async def test_only_the_test_that_was_named_is_deleted(world: World, value: Any):
    tests = [await world.new_test(f"Test {number}") for number in range(10)]
    async with world.connect(answer={"name": "Test 0", "confirm": True}) as client:
        result = await client.call_tool("delete_load_test", {"load_test_id": value})
        assert text_of(result) == (
            "delete_load_test was not called:\n- load_test_id: should be a whole number, such as 12."
        )
        left = content_of(await client.call_tool("list_load_tests", {"limit": "100"}))
    assert {row["id"] for row in left["rows"]} >= set(tests)


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("name", TOOLS)
def test_nothing_for_an_optional_argument_is_the_same_as_leaving_it_out(name: str, nothing: str | None):
    schema = TOOLS[name].parameters
    required = dict.fromkeys(schema.get("required", ()))
    optional = dict.fromkeys(schema["properties"].keys() - required.keys(), nothing)
    assert fitted(optional, schema, name) == {}


@pytest.mark.parametrize("nothing", [None, ""])
async def test_strict_converters_get_their_list(world: World, nothing: str | None):
    await world.new_test()
    async with world.connect() as client:
        names = TOOLS["list_load_tests"].parameters["properties"]
        plain = content_of(await client.call_tool("list_load_tests", {}))
        assert content_of(await client.call_tool("list_load_tests", dict.fromkeys(names, nothing))) == plain


@pytest.mark.parametrize("nothing", [None, ""])
async def test_nothing_as_a_path_is_not_the_working_directory(world: World, nothing: str | None):
    arguments = {"name": "Bare", "script_path": nothing, "script": nothing}
    async with world.connect() as client:
        assert "script" not in content_of(await client.call_tool("create_load_test", arguments))


async def test_an_empty_note_removes_the_note(world: World):
    run = (await world.k6.load_tests.start(await world.new_test())).id
    async with world.connect() as client:
        await client.call_tool("update_test_run", {"test_run_id": run, "note": "mine"})
        result = content_of(await client.call_tool("update_test_run", {"test_run_id": run, "note": ""}))
    assert result["changed"]["note"] == ["mine", ""]


def test_nothing_inside_an_object_is_left_out_where_it_may_be():
    rule = {"frequency": "DAILY", "interval": None, "count": "", "byday": None}
    schema = TOOLS["create_load_test_schedule"].parameters
    assert fitted({"recurrence_rule": rule}, schema, "it") == {"recurrence_rule": {"frequency": "DAILY"}}


def test_what_is_needed_is_not_taken_for_left_out():
    with pytest.raises(ValidationError, match="name"):
        TOOLS["create_load_test"].fn_metadata.validate_arguments({"name": None})


def test_whole_floats_in_free_objects_become_whole_numbers():
    options = {
        "vus": 2.0,
        "rps": 1.5,
        "stages": [{"target": 10.0, "duration": "1s"}],
        "thresholds": {"checks": ["rate>0.9"]},
        "noVUConnectionReuse": True,
        "none": None,
        "empty": "",
    }
    values = fitted({"options": options}, TOOLS["validate_options"].parameters, "it")["options"]
    assert values == options
    assert [type(value) for value in (values["vus"], values["stages"][0]["target"], values["rps"])] == [
        int,
        int,
        float,
    ]


async def test_options_of_floats_are_valid_for_the_service(world: World):
    options = {"vus": 2.0, "duration": "1s", "iterations": 4.0}
    async with world.connect() as client:
        result = content_of(
            await client.call_tool("validate_options", {"project_id": 1.0, "options": options})
        )
    assert result["vuh_usage"] >= 0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_not_is_refused(number: float):
    with pytest.raises(ValidationError, match="should be a finite number") as refused:
        fitted({"options": {"stages": [{"target": number}]}}, TOOLS["validate_options"].parameters, "it")
    assert refused.value.errors()[0]["loc"] == ("options", "stages", 0, "target")


@pytest.mark.parametrize(
    "arguments",
    [{"search": "\ud800"}, {"search": "a\udfffb"}, {"search": ["\ud800"]}],
)
async def test_half_a_character_does_not_keep_a_call_from_its_answer(world: World, arguments: dict[str, Any]):
    async with world.connect() as client:
        result = await client.call_tool("list_load_tests", arguments)
    assert "has half a character (a lone surrogate)" in text_of(result)
    assert result.model_dump_json()


@pytest.mark.parametrize("arguments", [{"\ud800": 1}, {"search": {"\udc00": ["\ud800"]}}])
def test_half_a_character_in_the_name_of_an_argument_is_refused(arguments: dict[str, Any]):
    with pytest.raises(ValidationError, match="has half a character"):
        fitted(arguments, TOOLS["list_load_tests"].parameters, "it")


async def test_very_deep_nesting_is_refused(world: World):
    options: Any = {}
    for _ in range(100):
        options = {"a": [options]}
    async with world.connect() as client:
        result = await client.call_tool("validate_options", {"options": options})
    assert "is nested too deeply" in text_of(result)


def test_what_is_no_number_in_a_decimal_is_refused():
    schema = TOOLS["query_test_run_metrics"].parameters
    for value in (True, "1_0", " 1", "nan", math.nan, "0x1"):
        with pytest.raises(ValidationError, match=r"a number, such as 1\.5"):
            fitted({"percentile": value}, schema, "it")
    assert fitted({"percentile": "99.9"}, schema, "it") == {"percentile": 99.9}
