"""A JSON schema as a table for people."""

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]
_DEEPEST = 2


def fields_table(head: str, schema: Schema) -> str:
    """The properties of an object as a table: name, type, what it is; a sentence where there are none."""
    rows = [*_rows(schema, "", 0)]
    if not rows:
        return "None."
    lines = [f"| {head} | type | description |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| `{name}` | {kind} | {text} |" for name, kind, text in rows)])


def _rows(schema: Schema, path: str, depth: int) -> Iterable[tuple[str, str, str]]:
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        known = _not_null(one)
        yield f"{path}{name}", _type(known), _text(one, name in required and not path)
        inner = known.get("items", known)
        if depth < _DEEPEST and inner.get("properties"):
            mark = "[]" if "items" in known else ""
            yield from _rows(inner, f"{path}{name}{mark}.", depth + 1)


def _not_null(schema: Schema) -> Schema:
    """The one type of a value that may be null."""
    kinds = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else schema


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(_not_null(schema.get('items', {})))}"
    return {"date-time": "time"}.get(schema.get("format", ""), str(kind))


def _text(schema: Schema, is_required: bool) -> str:
    parts = ["**Required.**"] if is_required else []
    if description := schema.get("description", _not_null(schema).get("description")):
        parts.append(" ".join(description.split()).replace("|", "\\|"))
    if schema.get("default") is not None:
        parts.append(f"Default: `{schema['default']}`.")
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS.items() if schema.get(key, 0) > 1]
    if bounds:
        parts.append(f"{' and '.join(bounds).capitalize()}.")
    return " ".join(parts)


_BOUNDS = {"minimum": "at least", "maximum": "at most"}
