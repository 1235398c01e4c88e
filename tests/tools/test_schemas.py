from typing import Annotated, Literal

from pydantic import BaseModel, Field

from k6_cloud_mcp_tools.schemas import tidy_input, tidy_output


class Leaf(BaseModel):
    """A docstring that only developers need."""

    title: str
    size: int | None = None


class Tree(BaseModel):
    leaf: Leaf
    leaves: list[Leaf] = []


class Arguments(BaseModel):
    search: Annotated[str | None, Field(description="Part of the name.")] = None
    order: Literal["newest", "name"] = "newest"


def test_an_optional_argument_is_plainly_of_its_type():
    assert tidy_input(Arguments.model_json_schema()) == {
        "type": "object",
        "properties": {
            "search": {"type": "string", "description": "Part of the name."},
            "order": {"type": "string", "enum": ["newest", "name"], "default": "newest"},
        },
    }


def test_references_are_inlined_and_docstrings_dropped_but_a_field_named_title_stays():
    leaf = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "size": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        },
        "required": ["title"],
    }
    assert tidy_output(Tree.model_json_schema()) == {
        "type": "object",
        "properties": {"leaf": leaf, "leaves": {"type": "array", "items": leaf, "default": []}},
        "required": ["leaf"],
    }
