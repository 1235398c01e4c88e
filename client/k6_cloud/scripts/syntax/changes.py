"""The places at which the value of a name may change."""

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import WRAPPERS, Bindings, Declaration, is_export, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_MEMBERS = ("member_expression", "subscript_expression")
_ASSIGNMENTS = ("assignment_expression", "augmented_assignment_expression")
_LOGICAL = ("||", "&&", "??")
# Contexts in which a value is still the same object.
_HOLDING = WRAPPERS | {"object", "array", "spread_element", "pair"}
# Contexts that take from a value what cannot be changed through them.
_READING = frozenset(
    {"template_substitution", "if_statement", "expression_statement", "export_specifier", "export_statement"}
    | {"while_statement", "do_statement", "switch_statement", "computed_property_name", "binary_expression"}
    | {"ternary_expression", "subscript_expression"}
)
_READING_METHODS = frozenset({"join", "includes", "indexOf", "toString", "startsWith", "endsWith"})
# Functions of JavaScript itself and of k6, by the first parts of their names.
_READING_CALLS = ("JSON.stringify", "Object.keys", "String", "Number", "parseInt", "console")
_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_MOST_REFERENCES = 1_000
_MOST_STEPS = 200


class Changes:
    """Finds changes of names of one file, cautiously: by name, whatever scope a use belongs to."""

    def __init__(self, bindings: Bindings) -> None:
        """Look into the file of `bindings`."""
        self._bindings = bindings
        self._tree = bindings.tree
        self._found: dict[str, Node | None] = {}

    def of(self, name: str) -> "Node | None":
        """The first place at which the value of a name, or of another name for it, may change."""
        if name not in self._found:
            # A name that is being looked into: it is given to itself.
            self._found[name] = None
            self._found[name] = self._find_change(name)
        return self._found[name]

    def _find_change(self, name: str) -> "Node | None":
        declared = self._bindings.declarations.get(name)
        for node in self._bindings.references.get(name, ()):
            if declared is not None and _contains_name(declared, node):
                continue
            if self._is_binding(node) or self._is_in_exported_function(node):
                continue
            if self._may_change(node):
                return node
        return None

    def _is_binding(self, node: "Node") -> bool:
        """Whether `node` is declared here by `const` or `let`, which cannot declare a name again."""
        parent = self._tree.parents[node.id]
        for _ in range(_MOST_STEPS):
            if not parent.type.endswith("_pattern"):
                break
            node, parent = parent, self._tree.parents[parent.id]
        if parent.type == "for_in_statement":
            return is_field(parent, "left", node) and parent.child_by_field_name("kind") is not None
        if parent.type != "variable_declarator" or not is_field(parent, "name", node):
            return False
        return self._tree.parents[parent.id].type == "lexical_declaration"

    def _may_change(self, node: "Node") -> bool:
        whole = self._bindings.chain(node)
        for _ in range(_MOST_STEPS):
            parent = self._tree.parents.get(whole.id)
            if parent is None:
                return False
            if not self._holds(parent, whole):
                return self._may_change_in(parent, whole)
            whole = self._bindings.chain(parent)
        return True

    def _holds(self, parent: "Node", whole: "Node") -> bool:
        """Whether a context passes the same object on."""
        if parent.type == "ternary_expression":
            return not is_field(parent, "condition", whole)
        if parent.type == "binary_expression":
            operator = parent.child_by_field_name("operator")
            return operator is not None and operator.type in _LOGICAL
        return parent.type in _HOLDING and not is_field(parent, "key", whole)

    def _may_change_in(self, parent: "Node", whole: "Node") -> bool:
        """Whether a context may change the object that it is given."""
        if parent.type == "call_expression" and is_field(parent, "function", whole):
            return self._bindings.dotted(whole).rpartition(".")[2] not in _READING_METHODS
        if parent.type == "arguments":
            return not self._is_reading_call(self._tree.parents[parent.id])
        if parent.type == "unary_expression":
            return self._tree.text(parent.child_by_field_name("operator")) == "delete"
        if is_field(parent, "value", whole) and parent.type == "variable_declarator":
            return self._is_changed_as(parent.child_by_field_name("name"))
        if is_field(parent, "right", whole) and parent.type in ("for_in_statement", *_ASSIGNMENTS):
            return self._is_changed_as(parent.child_by_field_name("left"))
        return parent.type not in _READING

    def _is_changed_as(self, pattern: "Node | None") -> bool:
        """Whether a value may change through the names that it is given to."""
        if pattern is None:
            return True
        if pattern.type in _MEMBERS:
            target = self._bindings.dotted(pattern)
            return not target.startswith(("module.exports", "exports."))
        names = [node for node in self._tree.below(pattern) if node.type in _NAMES]
        return any(self.of(self._tree.text(node)) is not None for node in names)

    def _is_reading_call(self, call: "Node") -> bool:
        name = self._bindings.dotted(call.child_by_field_name("function"))
        is_own = name.partition(".")[0] in self._bindings.declarations
        return not is_own and (name in _READING_CALLS or name.startswith("console."))

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


def _contains_name(declared: Declaration, node: "Node") -> bool:
    name = declared.node.child_by_field_name("name") or declared.node
    return name.start_byte <= node.start_byte < name.end_byte
