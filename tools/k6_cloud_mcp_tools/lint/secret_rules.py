"""Secrets in the strings of a script. A finding never quotes one: it tells its line and what it looks like."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import WRAPPERS
from k6_cloud.scripts.syntax.strings import has_substitutions, pieces_text, string_text
from k6_cloud_mcp_tools.lint.findings import Finding
from k6_cloud_mcp_tools.lint.negative_tests import is_made_up
from k6_cloud_mcp_tools.lint.secret_patterns import SECRET, is_called_secret, looks, members
from k6_cloud_mcp_tools.lint.source_file import SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

_STRINGS = ("string", "template_string")
_NAMING = {
    "pair": ("key", "value"),
    "variable_declarator": ("name", "value"),
    "assignment_expression": ("left", "right"),
    "assignment_pattern": ("left", "right"),
    "field_definition": ("property", "value"),
    "public_field_definition": ("name", "value"),
}
_DEEPEST = 8


def secrets(file: SourceFile) -> Iterable[Finding]:
    """Report texts that look like a secret, or are called one."""
    for node in file.tree.nodes:
        if node.type in _STRINGS:
            seen = set[int]()
            for line, what in _secrets_of(file, node):
                if line not in seen:
                    seen.add(line)
                    yield SECRET.at(line, f"This line holds what looks like {what}.")


def _secrets_of(file: SourceFile, node: "Node") -> Iterator[tuple[int, str]]:
    for pieces in _literal_parts(node):
        text = pieces_text(file.tree, pieces)
        for position, what in (*looks(text), *members(text)):
            yield _line_at(file, pieces, position), what
    name = None if node.type == "template_string" and has_substitutions(node) else _name_of(file, node)
    if name and is_called_secret(name, string_text(file.tree, node)) and not is_made_up(file, node):
        yield file.tree.line(node), f"the value of {name!r}"


def _literal_parts(node: "Node") -> "Iterator[list[Node]]":
    """The literal parts of a string or template, between its substitutions."""
    part: list[Node] = []
    for child in node.named_children:
        if child.type == "template_substitution":
            yield part
            part = []
        else:
            part.append(child)
    yield part


def _line_at(file: SourceFile, pieces: "list[Node]", position: int) -> int:
    """The line of a position in the text of some pieces."""
    for piece in pieces:
        text = pieces_text(file.tree, [piece])
        if position < len(text):
            raw = file.tree.text(piece) if piece.type == "string_fragment" else ""
            return file.tree.line(piece) + raw.count("\n", 0, position)
        position -= len(text)
    return file.tree.line(pieces[0])


def _name_of(file: SourceFile, node: "Node") -> str | None:
    """The name that a text is given to, directly or as a fallback."""
    for parent in islice(file.tree.above(node), _DEEPEST):
        if parent.type in _NAMING:
            name, value = (parent.child_by_field_name(field) for field in _NAMING[parent.type])
            is_value = value is not None and value.start_byte <= node.start_byte < value.end_byte
            return _text_of(file, name) if is_value and name is not None else None
        if parent.type not in WRAPPERS and not _is_fallback(parent, node):
            return None
    return None


def _is_fallback(parent: "Node", node: "Node") -> bool:
    """Whether `node` is the b of `a || b`."""
    operator, right = (parent.child_by_field_name(name) for name in ("operator", "right"))
    is_choice = parent.type == "binary_expression" and operator is not None and operator.type in ("||", "??")
    return is_choice and right is not None and right.start_byte <= node.start_byte


def _text_of(file: SourceFile, name: "Node") -> str:
    """The last name of `a.b`, `a['b']` or `b`."""
    if name.type == "string":
        return string_text(file.tree, name)
    return file.bindings.dotted(name).rpartition(".")[2] or file.tree.text(name)
