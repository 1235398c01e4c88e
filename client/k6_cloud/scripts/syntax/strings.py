"""The text that JavaScript string and template literals stand for."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CODE_POINT = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})")
_LINE_ENDS = ("\\\n", "\\\r", "\\\u2028", "\\\u2029")


def string_text(tree: SyntaxTree, node: "Node") -> str:
    """The text of a string, or of a template without its substitutions."""
    return pieces_text(tree, node.named_children)


def pieces_text(tree: SyntaxTree, pieces: "Iterable[Node]") -> str:
    """The text of some of the pieces of a string or template."""
    return _joined_surrogates("".join(_piece(tree, piece) for piece in pieces))


def literal_text(tree: SyntaxTree, node: "Node") -> str | None:
    """The text of a string, or of a template without substitutions; None for anything else."""
    is_literal = node.type == "string" or (node.type == "template_string" and not has_substitutions(node))
    return string_text(tree, node) if is_literal else None


def has_substitutions(node: "Node") -> bool:
    """Whether a template contains `${…}`."""
    return any(child.type == "template_substitution" for child in node.named_children)


def _piece(tree: SyntaxTree, node: "Node") -> str:
    if node.type == "escape_sequence":
        return _unescaped(tree.text(node))
    return tree.text(node) if node.type == "string_fragment" else ""


def _unescaped(sequence: str) -> str:
    if found := _CODE_POINT.fullmatch(sequence):
        code = int(next(group for group in found.groups() if group), 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    if sequence.startswith(_LINE_ENDS):
        return ""
    return _SIMPLE.get(sequence[1:], sequence[1:])


def _joined_surrogates(text: str) -> str:
    """Pairs of surrogates as one character; a lone one becomes U+FFFD, as in JSON from k6."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
