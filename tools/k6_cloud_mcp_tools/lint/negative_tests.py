"""Negative tests: code that sends credentials made up to be refused."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.strings import string_text
from k6_cloud_mcp_tools.lint.secret_patterns import says_wrong
from k6_cloud_mcp_tools.lint.source_file import FUNCTIONS, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

_REFUSALS = frozenset({"400", "401", "403", "422"})
_NAMED = ("pair", "variable_declarator", "function_declaration", "method_definition", "assignment_expression")
_STATEMENTS = ("expression_statement", "lexical_declaration", "variable_declaration", "return_statement")
_DEEPEST = 40
_MOST_NODES = 2_000
_FOLLOWING = 8


def is_made_up(file: SourceFile, node: "Node") -> bool:
    """Whether a text stands in code that is named as wrong, or that expects to be refused."""
    above = list(islice(file.tree.above(node), _DEEPEST))
    if any(says_wrong(name) for one in above for name in _names(file, one)):
        return True
    statement = next((one for one in above if one.type in _STATEMENTS), None)
    return statement is not None and _expects_refusal(file, statement)


def _names(file: SourceFile, node: "Node") -> Iterator[str]:
    """The name of a variable, property or function, or the title of a group, around a text."""
    if node.type in _NAMED:
        for field in ("name", "key", "left"):
            if (name := node.child_by_field_name(field)) is not None:
                yield file.tree.text(name)[:200]
    elif node.type == "arguments" and any(child.type in FUNCTIONS for child in node.named_children):
        yield from (string_text(file.tree, one) for one in node.named_children[:1] if one.type == "string")


def _expects_refusal(file: SourceFile, statement: "Node") -> bool:
    """Whether a statement, or what follows on the value it declares, looks for a status such as 401."""
    if _mentions_refusal(file, statement):
        return True
    names = [
        file.tree.text(one.child_by_field_name("name"))
        for one in statement.named_children
        if one.type == "variable_declarator"
    ]
    following = statement.next_named_sibling
    for _ in range(_FOLLOWING):
        if following is None:
            return False
        if _mentions(file, following, names):
            return _mentions_refusal(file, following)
        following = following.next_named_sibling
    return False


def _mentions_refusal(file: SourceFile, statement: "Node") -> bool:
    nodes = islice(file.tree.below(statement), _MOST_NODES)
    return any(one.type == "number" and _is_refusal(file, one) for one in nodes)


def _is_refusal(file: SourceFile, number: "Node") -> bool:
    """Whether a number is a status that is expected: compared with `===`, or given to a function or list."""
    if file.tree.text(number) not in _REFUSALS:
        return False
    parent = file.tree.parents[number.id]
    operator = parent.child_by_field_name("operator")
    return parent.type in ("arguments", "array") or (operator is not None and operator.type in ("==", "==="))


def _mentions(file: SourceFile, statement: "Node", names: list[str]) -> bool:
    nodes = islice(file.tree.below(statement), _MOST_NODES)
    return any(one.type == "identifier" and file.tree.text(one) in names for one in nodes)
