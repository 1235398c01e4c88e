"""JSON schemas as a model should see them: no titles, no references, no noise it pays for on every turn."""

from collections.abc import Callable
from typing import Any, cast

Schema = dict[str, Any]


def tidy_input(schema: Schema) -> Schema:
    """An input schema without titles, `$ref`, nullable wrappers around optional arguments, and null defaults.

    Only with keywords that the converters of all hosts know: one unknown to Gemini makes it refuse every tool.
    """
    return _tidy(schema, lambda node: _with_plain_keys(_optional_without_null(node)))


def tidy_output(schema: Schema) -> Schema:
    """An output schema without titles, `$ref` and model docstrings. Nulls stay: they may really be sent."""
    return _tidy(schema, _without_model_docstring)


def _tidy(schema: Schema, simplify: Callable[[Schema], Schema]) -> Schema:
    definitions: Schema = schema.get("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in cast(list[Any], node)]
        if not isinstance(node, dict):
            return node
        return walk_schema(cast(Schema, node))

    def walk_schema(node: Schema) -> Schema:
        node = simplify(node)
        if reference := node.get("$ref"):
            target = definitions[reference.rsplit("/", 1)[-1]]
            node = simplify({**target, **{key: value for key, value in node.items() if key != "$ref"}})
        node = {key: value for key, value in node.items() if key not in ("title", "$defs")}
        return {key: properties(value) if key == "properties" else walk(value) for key, value in node.items()}

    def properties(named: Schema) -> Schema:
        # The keys here are the caller's names ("title" may be one of them), not schema keywords.
        return {name: walk(value) for name, value in named.items()}

    return walk_schema(schema)


def _optional_without_null(node: Schema) -> Schema:
    if node.get("default", "") is None:
        node = {key: value for key, value in node.items() if key != "default"}
    options = [option for option in node.get("anyOf", []) if option != {"type": "null"}]
    if len(options) != 1:
        return node
    return {**options[0], **{key: value for key, value in node.items() if key != "anyOf"}}


def _with_plain_keys(node: Schema) -> Schema:
    """An object with what its values are, not its keys: those are checked when it comes in."""
    if "patternProperties" not in node and "propertyNames" not in node:
        return node
    values = [*node.get("patternProperties", {}).values()] or [node.get("additionalProperties", True)]
    kept = {key: value for key, value in node.items() if key not in ("patternProperties", "propertyNames")}
    return {**kept, "additionalProperties": values[0]}


def _without_model_docstring(node: Schema) -> Schema:
    if "properties" not in node:
        return node
    return {key: value for key, value in node.items() if key != "description"}
