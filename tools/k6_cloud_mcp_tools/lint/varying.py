"""Whether an expression differs from call to call: text joined from parts, and the values of names."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import unwrapped
from k6_cloud.scripts.syntax.changes import assignments
from k6_cloud_mcp_tools.lint.scopes import Scopes, Variable
from k6_cloud_mcp_tools.lint.source_file import FUNCTIONS, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
_PER_CALL = frozenset({"__VU", "__ITER", "Date", "performance", "crypto"})
_RANDOM = re.compile(r"random|uuid|nanoid|now$", re.IGNORECASE)
# Functions whose result changes only with what they are given.
_PURE = frozenset(
    {"encodeURIComponent", "encodeURI", "String", "Number", "parseInt", "toString", "toLowerCase", "trim"}
    | {"toUpperCase", "replace", "replaceAll", "slice", "substring", "concat", "join", "padStart", "split"}
    | {"stringify", "parse", "URL", "URLSearchParams", "at", "b64encode"}
)
_STRINGS = frozenset({"string_fragment", "escape_sequence"})
_MOST_STEPS = 3_000
# Text that is joined from more parts is made by a program.
_MOST_PARTS = 200
_FEW = 20


class Varying:
    """Judges expressions of one file."""

    def __init__(self, file: SourceFile, scopes: Scopes) -> None:
        """Resolve names in `scopes`."""
        self._file = file
        self._tree = file.tree
        self._scopes = scopes
        self._values: dict[int, list[Node]] = {}

    def url(self, node: "Node") -> bool:
        """Whether a URL differs from call to call behind its first literal text, which is the target's address."""
        parts = list(self._parts(node))
        literal = next((index for index, part in enumerate(parts) if part is None), len(parts))
        return any(part is not None and self.expression(part) for part in parts[literal + 1 :])

    def expression(self, node: "Node") -> bool:
        """Whether the value of an expression differs from call to call."""
        waiting, seen, left = [(node, False)], set[int](), _MOST_STEPS
        while waiting and left > 0:
            one, is_fixed = waiting.pop()
            left -= 1
            if one.id in seen:
                continue
            seen.add(one.id)
            if one.type in ("identifier", "shorthand_property_identifier"):
                value = self._name(one, is_fixed)
                if value is True:
                    return True
                waiting += value or []
            elif self._varies_itself(one, is_fixed):
                return True
            elif one.type not in FUNCTIONS and not self._is_named_url(one):
                waiting += [(child, is_fixed) for child in self._values_in(one)]
        return False

    def _values_in(self, node: "Node") -> "list[Node]":
        """The children of an expression, without the name of a function that it calls."""
        target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        is_plain = target is not None and target.type == "identifier"
        return node.named_children[1:] if is_plain else node.named_children

    def _parts(self, node: "Node") -> "Iterator[Node | None]":
        """The parts that a text is joined from: None for literal text, else the code."""
        waiting, count = [node], 0
        while waiting and count < _MOST_PARTS:
            one = unwrapped(waiting.pop())
            count += 1
            if one.type in _STRINGS or (one.type == "string" and one.named_children):
                yield None
            elif (inner := self._inner(one)) is not None:
                waiting += reversed(inner)
            elif one.type != "string":
                yield one

    def _inner(self, node: "Node") -> "list[Node] | None":
        """Return the parts that a text is joined from; None if it is not joined."""
        if node.type == "template_string":
            return node.named_children
        if node.type == "template_substitution":
            return node.named_children[:1]
        if node.type == "binary_expression" and self._tree.text(node.child_by_field_name("operator")) == "+":
            return node.named_children
        variable = self._local(node)
        if variable is not None and variable.value is not None and not variable.is_destructured:
            values = [variable.value, *self._assigned(variable)]
            return values if all(self._is_text(value) for value in values) else None
        return None

    def _local(self, node: "Node") -> Variable | None:
        """The variable of a function that a name stands for."""
        if node.type != "identifier":
            return None
        variable = self._scopes.resolve(self._tree.text(node), node)
        if variable is None or variable.scope.type == "program" or variable.kind != "variable":
            return None
        return variable

    def _is_text(self, node: "Node") -> bool:
        node = unwrapped(node)
        return node.type in ("template_string", "string", "binary_expression")

    def _assigned(self, variable: Variable) -> "list[Node]":
        """The values that a variable is given after its first."""
        if variable.node.id not in self._values:
            found = assignments(self._file.bindings, variable.name, within=variable.scope)
            self._values[variable.node.id] = found
        return self._values[variable.node.id]

    def _name(self, node: "Node", is_fixed: bool) -> "list[tuple[Node, bool]] | bool":
        """Whether a name varies, or the values that tell. `is_fixed` is for code that runs once for each VU."""
        name = self._tree.text(node)
        variable = self._scopes.resolve(name, node)
        if variable is not None and variable.kind != "function":
            return self._variable(variable, is_fixed)
        declared = self._file.bindings.declarations.get(name)
        if declared is not None:
            return declared.module == "k6/execution"
        return name in _PER_CALL or not (is_fixed or _CONSTANT.fullmatch(name) or name.startswith("__"))

    def _variable(self, variable: Variable, is_fixed: bool) -> "list[tuple[Node, bool]] | bool":
        is_module = variable.scope.type == "program"
        if variable.kind == "parameter":
            return not self._is_setup_data(variable)
        if variable.kind == "loop":
            return not self._is_short_list(variable.value)
        assigned = self._assigned(variable)
        if is_module and any(self._scopes.place(value).function is not None for value in assigned):
            return True
        values = [variable.value, *assigned] if variable.value is not None else assigned
        if any(value.type == "update_expression" for value in assigned):
            return True
        return [(value, is_fixed or is_module) for value in values]

    def _is_setup_data(self, variable: Variable) -> bool:
        """Whether a parameter is what setup() returned, the same in every iteration."""
        return variable.is_first and self._scopes.takes_setup_data(variable.scope)

    def _is_short_list(self, node: "Node | None") -> bool:
        """Whether a loop goes over a few literal values: each may have a series of its own."""
        node = unwrapped(node) if node is not None else None
        if node is not None and node.type == "identifier":
            variable = self._scopes.resolve(self._tree.text(node), node)
            node = unwrapped(variable.value) if variable is not None and variable.value is not None else None
        return node is not None and node.type == "array" and len(node.named_children) <= _FEW

    def _varies_itself(self, node: "Node", is_fixed: bool) -> bool:
        """Whether a call varies whatever it is given."""
        if node.type in ("await_expression", "yield_expression", "update_expression"):
            return not is_fixed
        if node.type not in ("call_expression", "new_expression") or self._is_named_url(node):
            return False
        target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        name = self._file.bindings.dotted(target)
        if _RANDOM.search(name):
            return True
        return not is_fixed and name.rpartition(".")[2] not in _PURE

    def _is_named_url(self, node: "Node") -> bool:
        """Whether it is http.url`…`, which names itself."""
        if node.type != "call_expression":
            return False
        given = node.child_by_field_name("arguments")
        name = self._file.canonical(self._file.bindings.dotted(node.child_by_field_name("function")))
        return given is not None and given.type == "template_string" and name == "http.url"
