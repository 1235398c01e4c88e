"""The addresses in the strings of a script: text that begins like a URL, and what is dialled."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import Bindings
from k6_cloud.scripts.syntax.strings import string_text
from k6_cloud.scripts.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_URL = re.compile(r"(?:https?|wss?|grpcs?)://[^\s'\"`\\<>]{0,2000}", re.IGNORECASE)
_HOST_PORT = re.compile(r"[^'\"/\s:]{1,253}:\d{1,5}")
_STRINGS = ("string", "template_string")


@dataclass(frozen=True)
class Address:
    """A URL or a `host:port`; `${}` stands for each part that is computed."""

    text: str
    line: int


def addresses(tree: SyntaxTree) -> list[Address]:
    """The addresses in the strings of a script, in order; modules that it imports are not among them."""
    bindings = Bindings(tree)
    return [
        Address(text, tree.line(node))
        for node in tree.nodes
        if node.type in _STRINGS and not _is_module(bindings, node)
        for text in _found(bindings, node)
    ]


def with_holes(tree: SyntaxTree, node: "Node") -> str:
    """The text of a string or template, `${}` in place of each substitution."""
    if node.type == "string":
        return string_text(tree, node)
    pieces = [
        "${}" if child.type == "template_substitution" else tree.text(child) for child in node.named_children
    ]
    return "".join(pieces)


def _found(bindings: Bindings, node: "Node") -> list[str]:
    text = with_holes(bindings.tree, node)
    if found := _URL.findall(text):
        return found
    is_dialled = _HOST_PORT.fullmatch(text) is not None and _call_around(bindings, node).endswith(".connect")
    return [text] if is_dialled else []


def _is_module(bindings: Bindings, node: "Node") -> bool:
    parent = bindings.tree.parents.get(node.id)
    kinds = ("import_statement", "export_statement", "import_require_clause")
    return parent is not None and (
        parent.type in kinds or _call_around(bindings, node) in ("require", "import")
    )


def _call_around(bindings: Bindings, node: "Node") -> str:
    """The name of the function that is given `node` as an argument."""
    parent = bindings.tree.parents.get(node.id)
    call = bindings.tree.parents.get(parent.id) if parent is not None and parent.type == "arguments" else None
    return bindings.dotted(call.child_by_field_name("function")) if call is not None else ""
