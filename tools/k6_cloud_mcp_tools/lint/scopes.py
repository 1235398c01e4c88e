"""The place of each piece of code: its function and block, whether it runs on a condition, and who declares its names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from k6_cloud_mcp_tools.lint.source_file import FUNCTIONS, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS = frozenset({"statement_block", "catch_clause", "switch_body", "class_body"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_PATTERN_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_BRANCH_FIELDS = frozenset({"consequence", "alternative", "right"})
_SKIPPED = frozenset({"catch_clause", "switch_case", "switch_default"})
# No script written by hand declares one name more often.
_MOST_CANDIDATES = 200
Kind = Literal["variable", "parameter", "loop", "function"]


class Place(NamedTuple):
    """The surroundings of a node. `batch` is the http.batch() call whose arguments it is part of."""

    function: "Node | None"
    scope: "Node"
    is_conditional: bool
    is_in_entry: bool
    is_in_loop: bool
    batch: "Node | None"


@dataclass(frozen=True)
class Variable:
    """A name in its scope. `value` is its first value; of a loop over a list, the list.

    `is_first` marks the first parameter of a function.
    """

    name: str
    kind: Kind
    scope: "Node"
    node: "Node"
    value: "Node | None" = None
    is_destructured: bool = False
    is_first: bool = False


class Scopes:
    """The places of all nodes of a file. `entries` are the functions that VUs run."""

    def __init__(self, file: SourceFile, entries: "Iterable[Node]") -> None:
        """Walk through the file once."""
        self._file = file
        self.entries = list(entries)
        self._entry_ids = {node.id for node in self.entries}
        self._once_ids = {node.id for node in file.functions({"setup", "teardown"})}
        self._places: dict[int, Place] = {}
        self._variables: dict[str, list[Variable]] = defaultdict(list)
        for node, place in self._walk():
            self._places[node.id] = place
            for variable in self._declared(node, place):
                self._variables[variable.name].append(variable)

    def place(self, node: "Node") -> Place:
        """The surroundings of a node."""
        return self._places[node.id]

    def is_entry(self, function: "Node") -> bool:
        """Whether VUs run a function."""
        return function.id in self._entry_ids

    def runs_once(self, node: "Node") -> bool:
        """Whether a node stands in setup() or teardown(), and not in a loop or another function."""
        place = self.place(node)
        return place.function is not None and place.function.id in self._once_ids and not place.is_in_loop

    def takes_setup_data(self, function: "Node") -> bool:
        """Whether k6 gives a function what setup() returned."""
        return function.id in self._entry_ids | self._once_ids

    def resolve(self, name: str, node: "Node") -> Variable | None:
        """The declaration of a name as seen from a node; None if there is none in this file."""
        position = node.start_byte
        candidates = [
            one
            for one in self._variables.get(name, [])[:_MOST_CANDIDATES]
            if one.scope.start_byte <= position < one.scope.end_byte
        ]
        return min(candidates, key=lambda one: one.scope.end_byte - one.scope.start_byte, default=None)

    def _walk(self) -> "Iterator[tuple[Node, Place]]":
        """All nodes with their places."""
        root = self._file.tree.root
        inside = {root.id: Place(None, root, False, False, False, None)}
        for node, parent, field in self._file.tree.walk():
            place = inside[node.id if parent is None else parent.id]
            if field in _BRANCH_FIELDS and parent is not None and self._is_branch(parent, field):
                place = place._replace(is_conditional=True)
            yield node, place
            inside[node.id] = self._entered(place, node)

    def _entered(self, place: Place, parent: "Node") -> Place:
        """The place of the children of `parent`, which is at `place`."""
        if parent.type in FUNCTIONS:
            is_entry = self.is_entry(parent)
            is_conditional = place.is_in_entry and not is_entry
            return Place(parent, parent, is_conditional, place.is_in_entry or is_entry, False, None)
        if parent.type in _SKIPPED:
            return place._replace(scope=parent, is_conditional=True)
        if parent.type in _LOOPS:
            return place._replace(scope=parent, is_in_loop=True)
        if parent.type in _BLOCKS:
            return place._replace(scope=parent)
        if parent.type == "call_expression" and self._is_batch(parent):
            return place._replace(batch=parent)
        return place

    def _is_batch(self, call: "Node") -> bool:
        target = call.child_by_field_name("function")
        return self._file.canonical(self._file.bindings.dotted(target)) == "http.batch"

    def _is_branch(self, parent: "Node", field: str) -> bool:
        """Whether code in a field of `parent` may be skipped."""
        if field == "right":
            operator = parent.child_by_field_name("operator")
            return operator is not None and operator.type in ("&&", "||", "??")
        return parent.type in ("if_statement", "ternary_expression")

    def _declared(self, node: "Node", place: Place) -> Iterator[Variable]:
        if node.type == "variable_declarator":
            yield from self._of_declarator(node, place)
        elif node.type == "for_in_statement" and (left := node.child_by_field_name("left")) is not None:
            yield from self._of_pattern(left, "loop", node, node.child_by_field_name("right"))
        elif node.type == "catch_clause" and (pattern := node.child_by_field_name("parameter")) is not None:
            yield from self._of_pattern(pattern, "parameter", node, None)
        elif node.type in FUNCTIONS:
            yield from self._of_function(node, place)

    def _of_declarator(self, node: "Node", place: Place) -> Iterator[Variable]:
        declaration = self._file.tree.parents[node.id]
        scope = place.scope
        if declaration.type == "variable_declaration":
            scope = place.function or self._file.tree.root
        if (name := node.child_by_field_name("name")) is not None:
            yield from self._of_pattern(name, "variable", scope, node.child_by_field_name("value"))

    def _of_function(self, node: "Node", place: Place) -> Iterator[Variable]:
        name = node.child_by_field_name("name")
        if node.type.endswith("declaration") and name is not None:
            yield Variable(self._file.tree.text(name), "function", place.scope, node)
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        for index, parameter in enumerate(_parameters(parameters)):
            for variable in self._of_pattern(parameter, "parameter", node, None):
                yield replace(variable, is_first=index == 0)

    def _of_pattern(
        self, pattern: "Node", kind: Kind, scope: "Node", value: "Node | None"
    ) -> Iterator[Variable]:
        is_destructured = pattern.type.endswith("_pattern")
        for node in self._file.tree.below(pattern):
            if node.type in _PATTERN_NAMES:
                yield Variable(self._file.tree.text(node), kind, scope, node, value, is_destructured)


def _parameters(node: "Node | None") -> "list[Node]":
    if node is None:
        return []
    return node.named_children if node.type == "formal_parameters" else [node]
