"""The places at which the value of a name may change."""

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import Bindings, Declaration, is_export, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

# Contexts that take a value apart from its identity: nothing can be changed through them.
_READING = frozenset(
    {"binary_expression", "template_substitution", "ternary_expression", "if_statement", "spread_element"}
    | {"expression_statement", "unary_expression", "export_specifier", "export_statement", "pair", "object"}
    | {"array", "while_statement", "computed_property_name", "switch_statement", "arrow_function"}
)
_ASSIGNMENTS = ("assignment_expression", "augmented_assignment_expression")
_MOST_REFERENCES = 1_000
_READING_METHODS = frozenset({"join", "includes", "indexOf", "toString", "startsWith", "endsWith", "keys"})
_READING_CALLS = ("JSON.stringify", "console.", "Object.keys", "String", "Number", "parseInt", "sleep")


class Changes:
    """Finds changes of names of one file, cautiously: by name, whatever scope a use belongs to."""

    def __init__(self, bindings: Bindings) -> None:
        """Look into the file of `bindings`."""
        self._bindings = bindings
        self._tree = bindings.tree
        self._found: dict[str, Node | None] = {}

    def of(self, name: str) -> "Node | None":
        """The first place at which the value of a name may change after its declaration."""
        if name not in self._found:
            self._found[name] = self._find_change(name)
        return self._found[name]

    def _find_change(self, name: str) -> "Node | None":
        declared = self._bindings.declarations.get(name)
        for node in self._bindings.references.get(name, ()):
            is_declaration = declared is not None and _contains_name(declared, node)
            if not is_declaration and self._may_change(node):
                return node
        return None

    def _may_change(self, node: "Node") -> bool:
        whole = self._bindings.chain(node)
        parent = self._tree.parents.get(whole.id)
        if parent is None or self._is_in_exported_function(node):
            return False
        if parent.type == "call_expression" and is_field(parent, "function", whole):
            return (
                whole.id != node.id
                and self._bindings.dotted(whole).rpartition(".")[2] not in _READING_METHODS
            )
        if parent.type == "arguments":
            call = self._tree.parents.get(parent.id)
            name = self._bindings.dotted(call.child_by_field_name("function")) if call is not None else ""
            return not name.startswith(_READING_CALLS)
        if parent.type == "unary_expression":
            return self._tree.text(parent.child_by_field_name("operator")) == "delete"
        if parent.type == "variable_declarator":
            return whole.id != node.id or not is_field(parent, "value", whole)
        return parent.type not in _READING

    @cached_property
    def _starts(self) -> list[int]:
        return [child.start_byte for child in self._tree.root.children]

    def _statement_around(self, node: "Node") -> "Node":
        return self._tree.root.children[bisect_right(self._starts, node.start_byte) - 1]

    def _is_in_exported_function(self, node: "Node") -> bool:
        """Whether `node` stands in a function that only k6 calls: after it has read the options."""
        statement = self._statement_around(node)
        if not is_export(statement):
            return False
        function = statement.child_by_field_name("declaration") or statement.child_by_field_name("value")
        if function is None or "function" not in function.type:
            return False
        name = self._tree.text(function.child_by_field_name("name"))
        return len(self._bindings.references.get(name, ())) <= 1


def _contains_name(declared: Declaration, node: "Node") -> bool:
    name = declared.node.child_by_field_name("name") or declared.node
    return name.start_byte <= node.start_byte < name.end_byte


def assignments(bindings: Bindings, name: str, within: "Node") -> "list[Node]":
    """The values that are assigned to a name within a node after its declaration, and its `++` and `--`."""
    found: list[Node] = []
    for node in bindings.references.get(name, ())[:_MOST_REFERENCES]:
        parent = bindings.tree.parents[node.id]
        if not within.start_byte <= node.start_byte < within.end_byte:
            continue
        if parent.type == "update_expression":
            found.append(parent)
        elif parent.type in _ASSIGNMENTS and is_field(parent, "left", node):
            value = parent.child_by_field_name("right")
            found += [value] if value is not None else []
    return found
