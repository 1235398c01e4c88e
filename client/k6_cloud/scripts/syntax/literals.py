"""The values of literal expressions, found without running code."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from k6_cloud.scripts.syntax.bindings import Bindings, unwrapped
from k6_cloud.scripts.syntax.changes import Changes
from k6_cloud.scripts.syntax.dependencies import Dependencies
from k6_cloud.scripts.syntax.operators import as_text, combined, is_number, tidy
from k6_cloud.scripts.syntax.strings import pieces_text, string_text
from k6_cloud.scripts.syntax.values import MORE, UNKNOWN, Absent, Unknown

if TYPE_CHECKING:
    from tree_sitter import Node


Path = tuple[str, ...]
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_DEEPEST = 32
_MOST_VALUES = 20_000
_MOST_TEXT = 2 * 1024 * 1024


class Evaluator:
    """Evaluates literals, and constants that refer to literals. `reasons` says why something stayed unknown."""

    def __init__(self, bindings: Bindings) -> None:
        """Evaluate within the module of `bindings`."""
        self._bindings = bindings
        self._tree = bindings.tree
        self._left = _MOST_VALUES
        self._text_left = _MOST_TEXT
        self._lines: dict[Path, int] = {}
        self._changes = Changes(bindings)
        self._dependencies = Dependencies(bindings)
        self.reasons: dict[str, None] = {}
        self._readers: dict[str, Callable[[Node, Path], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda node, _: self._bounded(string_text(self._tree, node)),
            "template_string": self._template,
            "number": lambda node, _: self._number(node),
            "unary_expression": self._unary,
            "binary_expression": self._binary,
            "identifier": self._reference,
            "undefined": lambda _node, _path: Absent.ABSENT,
            "shorthand_property_identifier": self._reference,
            "member_expression": self._member,
            "subscript_expression": self._member,
        }
        self._depth = 0

    @property
    def lines(self) -> dict[Path, int]:
        """The line of each property; the empty path is the whole."""
        return self._lines

    def evaluate(self, node: "Node", path: Path = ()) -> Any:
        """The value of an expression; UNKNOWN, or UNKNOWN within it, where running it alone would tell."""
        self._left -= 1
        if self._depth >= _DEEPEST or self._left < 0 or self._text_left < 0:
            return self._unknown("nesting or size")
        node = unwrapped(node)
        if node.type in _WORDS:
            return _WORDS[node.type]
        reader = self._readers.get(node.type)
        if reader is None:
            return self._computed(node)
        self._depth += 1
        try:
            return reader(node, path)
        finally:
            self._depth -= 1

    def _unknown(self, reason: str) -> Unknown:
        self.reasons[reason] = None
        return UNKNOWN

    def _computed(self, node: "Node") -> Unknown:
        found = self._dependencies.of(node)
        if not found and not self.reasons:
            found = [f"an expression in line {self._tree.line(node)}"]
        self.reasons.update(dict.fromkeys(found))
        return UNKNOWN

    def _object(self, node: "Node", path: Path) -> dict[str, Any]:
        self._lines.setdefault(path, self._tree.line(node))
        found: dict[str, Any] = {}
        for child in node.named_children:
            if child.type == "spread_element":
                self._spread(child, path, found)
            elif child.type != "comment":
                self._property(child, path, found)
        return found

    def _spread(self, node: "Node", path: Path, found: dict[str, Any]) -> None:
        value = self.evaluate(node.named_children[-1], path) if node.named_children else UNKNOWN
        if isinstance(value, dict):
            found.update(cast("dict[str, Any]", value))
        elif value not in (None, Absent.ABSENT):
            self._add_unknown(found)

    def _add_unknown(self, found: dict[str, Any]) -> None:
        """Note that an object may have any other property, and may have another value for each so far."""
        self.reasons.setdefault("computed properties", None)
        found.update(dict.fromkeys(found, UNKNOWN))
        found[MORE] = UNKNOWN

    def _property(self, node: "Node", path: Path, found: dict[str, Any]) -> None:
        key = self._key(node)
        if key is None or key == "__proto__":
            self._computed(node)
            self._add_unknown(found)
            return
        here = (*path, key)
        self._lines[here] = self._tree.line(node)
        value_node = node.child_by_field_name("value")
        if node.type == "shorthand_property_identifier":
            value = self.evaluate(node, here)
        elif node.type == "pair" and value_node is not None:
            value = self.evaluate(value_node, here)
        else:
            value = self._computed(node)
        found.pop(key, None)
        if value is not Absent.ABSENT:
            found[key] = value

    def _key(self, node: "Node") -> str | None:
        if node.type == "shorthand_property_identifier":
            return self._tree.text(node)
        key = node.child_by_field_name("key") or node.child_by_field_name("name")
        if key is None or key.type == "ERROR":
            return None
        if key.type == "computed_property_name":
            value = self.evaluate(key.named_children[0]) if key.named_children else UNKNOWN
            return value if isinstance(value, str) else None
        if key.type == "string":
            return string_text(self._tree, key)
        text = self._tree.text(key)
        return None if key.type == "number" and not text.isdecimal() else text

    def _array(self, node: "Node", path: Path) -> list[Any] | Unknown:
        found: list[Any] = []
        for child in node.named_children:
            if child.type == "spread_element":
                more = self.evaluate(child.named_children[-1], (*path, "[]"))
                if not isinstance(more, list):
                    return self._computed(child)
                found += cast("list[Any]", more)
            elif child.type != "comment":
                value = self.evaluate(child, (*path, "[]"))
                found.append(None if value is Absent.ABSENT else value)
        return found

    def _template(self, node: "Node", path: Path) -> str | Unknown:
        pieces: list[str] = []
        for child in node.named_children:
            if child.type != "template_substitution":
                continue
            value = self.evaluate(child.named_children[0], path) if child.named_children else UNKNOWN
            if (text := as_text(value)) is None:
                return self._computed(child)
            pieces.append(text)
        return self._filled(node, pieces)

    def _filled(self, node: "Node", values: list[str]) -> str | Unknown:
        """A template with its substitutions replaced, which come in order."""
        left = iter(values)
        return self._bounded(
            "".join(
                next(left) if child.type == "template_substitution" else pieces_text(self._tree, [child])
                for child in node.named_children
            )
        )

    def _bounded(self, text: str) -> str | Unknown:
        """`text`, unless all texts together have become too long."""
        self._text_left -= len(text)
        return self._unknown("nesting or size") if self._text_left < 0 else text

    def _number(self, node: "Node") -> float | Unknown:
        text = self._tree.text(node).replace("_", "").lower()
        try:
            value = int(text, 0) if text[:2] in ("0x", "0o", "0b") else float(text)
        except ValueError:
            return self._computed(node)
        is_octal = len(text) > 1 and text[0] == "0" and text[1].isdecimal()
        return self._computed(node) if is_octal or not math.isfinite(value) else tidy(value)

    def _unary(self, node: "Node", path: Path) -> Any:
        operator = self._tree.text(node.child_by_field_name("operator"))
        argument = node.child_by_field_name("argument")
        value = self.evaluate(argument, path) if argument is not None else UNKNOWN
        if operator == "void" and value is not UNKNOWN:
            return Absent.ABSENT
        if is_number(value) and operator in ("-", "+"):
            return combined(operator, 0, value)
        return self._computed(node)

    def _binary(self, node: "Node", path: Path) -> Any:
        operator = self._tree.text(node.child_by_field_name("operator"))
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        left, right = (UNKNOWN if side is None else self.evaluate(side, path) for side in sides)
        result = combined(operator, left, right)
        return self._computed(node) if result is None else result

    def _reference(self, node: "Node", path: Path) -> Any:
        name = self._tree.text(node)
        declared = self._bindings.declarations.get(name)
        if name == "undefined" and declared is None:
            return Absent.ABSENT
        if declared is None or declared.value is None or declared.node.end_byte > node.start_byte:
            return self._computed(node)
        changed = self._changes.of(name)
        if changed is not None:
            return self._unknown(f"{name[:40]}, which may change in line {self._tree.line(changed)}")
        return self.evaluate(declared.value, path)

    def _member(self, node: "Node", path: Path) -> Any:
        start, names = self._bindings.member(node)
        value = self._reference(start, path) if start.type == "identifier" else UNKNOWN
        for name in names:
            value = cast("dict[str, Any]", value).get(name, UNKNOWN) if isinstance(value, dict) else UNKNOWN
        return self._computed(node) if value is UNKNOWN else value
