"""One change in a text of JSON with comments: a value put in, or taken out."""

import json
import re
from typing import Any

from k6_cloud_mcp.install.errors import Unreadable
from k6_cloud_mcp.install.jsonc import Node, Path, Token, parse, tokens


def put(text: str, path: Path, value: Any) -> str:
    """The text with `value` at `path`: replaced, or added as the last member. Missing objects on the way are added.

    Raises Unreadable, also where something that is not an object stands in the way.
    """
    text = text if text.strip() else "{}\n"
    node, rest = _descend(parse(text), path)
    if not rest:
        return text[: node.start] + _dump(text, value, _indent_at(text, node.start)) + text[node.end :]
    if not isinstance(node.value, list if isinstance(rest[0], int) else dict):
        raise Unreadable(f"{'.'.join(map(str, path[: -len(rest)]))!r} is not what its host expects there")
    for key in reversed(rest[1:]):
        value = [value] if isinstance(key, int) else {key: value}
    return _add(text, node, rest[0], value)


def drop(text: str, path: Path) -> str:
    """The text without the member at `path`, its comma and its line. Raises Unreadable, KeyError if there is none."""
    parent, rest = _descend(parse(text), path[:-1])
    if rest:
        raise KeyError(path)
    member = parent.members[path[-1]]
    start, end = member.start, member.node.end
    if not text[parent.start + 1 : start].strip() and not text[end : parent.end - 1].strip():
        return text[: parent.start + 1] + text[parent.end - 1 :]
    after = next(token for token in tokens(text) if token.start >= end and token.kind != "trivia")
    if after.text == "," and not text[end : after.start].strip():
        return _without_line(text, start, after.end)
    if after.text == ",":
        return _without_line(text[: after.start] + text[after.end :], start, end)
    cut, comma = _without_line(text, start, end), _comma_before(text, start)
    return cut if comma is None else cut[:comma] + cut[comma + 1 :]


def _comma_before(text: str, position: int) -> int | None:
    """Find the comma between a member and the one before, if there is one."""
    before = [token for token in tokens(text) if token.end <= position and token.kind != "trivia"]
    return before[-1].start if before[-1].text == "," else None


def _descend(node: Node, path: Path) -> tuple[Node, Path]:
    """Follow a path: return the last node on it, and the steps that lead nowhere."""
    for depth, key in enumerate(path):
        if key not in node.members:
            return node, path[depth:]
        node = node.members[key].node
    return node, ()


def _add(text: str, node: Node, key: str | int, value: Any) -> str:
    """Add a member behind everything that stands in the object or array, comments included."""
    inside = [token for token in tokens(text) if node.start < token.start and token.end < node.end]
    solid = [token for token in inside if not token.text.isspace()]
    place = solid[-1].end if solid else node.start + 1
    outer = _indent_at(text, node.start)
    inner = _member_indent(text, node) or outer + _unit(text)
    name = "" if isinstance(key, int) else f"{json.dumps(key)}: "
    line = _newline(text)
    comma = "," if _has_trailing_comma(node, solid) else ""
    member = f"{line}{inner}{name}{_dump(text, value, inner)}{comma}"
    tail = text[place:]
    if "\n" not in tail[: tail.find(text[node.end - 1])]:
        tail = f"{line}{outer}{tail.lstrip(' ')}"
    return _comma(text, node, place) + member + tail


def _has_trailing_comma(node: Node, inside: list[Token]) -> bool:
    end = max((member.node.end for member in node.members.values()), default=node.end)
    return any(token.text == "," and token.start >= end for token in inside)


def _comma(text: str, node: Node, place: int) -> str:
    """The text up to `place`, with a comma behind the last member that has none yet."""
    if not node.members:
        return text[:place]
    end = max(member.node.end for member in node.members.values())
    between = [token for token in tokens(text) if end <= token.start < place]
    comma = "" if any(token.text == "," for token in between) else ","
    return text[:end] + comma + text[end:place]


def _without_line(text: str, start: int, end: int) -> str:
    """Cut out a span, and the line with it if nothing else stands there."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    if line_end >= 0 and not text[line_start:start].strip() and not text[end:line_end].strip():
        return text[:line_start].rstrip(" ") + text[line_end + 1 :]
    return text[:start].rstrip(" ") + text[end:]


def _dump(text: str, value: Any, indent: str) -> str:
    written = json.dumps(value, indent=_unit(text), ensure_ascii=False)
    return written.replace("\n", _newline(text) + indent)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    """One level of indentation, as the text has it."""
    found = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return found[1] if found else "  "


def _indent_at(text: str, position: int) -> str:
    """The blanks with which the line of a position begins."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip())]


def _member_indent(text: str, node: Node) -> str | None:
    """The indentation of the members, where the first one begins a line."""
    for member in node.members.values():
        line = text[text.rfind("\n", 0, member.start) + 1 : member.start]
        return None if line.strip() else line
    return None
