"""A source file of a script as lint rules see it: its calls, imports, exports and functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import Bindings, Declaration, unwrapped
from k6_cloud.scripts.syntax.exports import Exports
from k6_cloud.scripts.syntax.modules import Use, uses
from k6_cloud.scripts.syntax.options import Options, options_of
from k6_cloud.scripts.syntax.strings import literal_text
from k6_cloud.scripts.syntax.tree import parse

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = frozenset(
    {"function_declaration", "function_expression", "arrow_function", "method_definition"}
    | {"generator_function_declaration", "generator_function"}
)
_CALLS = {"call_expression": "function", "new_expression": "constructor"}
# The first part of the names in these modules, whatever an import calls them.
_MODULES = {
    "k6": "",
    "k6/http": "http",
    "k6/metrics": "",
    "k6/data": "",
    "k6/execution": "exec",
    "k6/browser": "",
    "k6/experimental/fs": "fs",
}


@dataclass(frozen=True)
class Call:
    """A call, or `new`; `name` has its dots, and the usual first part if it comes from a module of k6."""

    name: str
    node: "Node"
    line: int
    arguments: "list[Node]"
    texts: list[str | None]

    @property
    def last_name(self) -> str:
        """The name without the object that it belongs to."""
        return self.name.rpartition(".")[2]

    def literal(self, position: int) -> str | None:
        """An argument that is literal text; None for anything else."""
        return None if position >= len(self.texts) else self.texts[position]


class SourceFile:
    """One source file."""

    def __init__(self, source: str | bytes, name: str | None = None) -> None:
        """Parse it; `name` tells its language. Raises ScriptError if that takes too long."""
        self.tree = parse(source, name)
        self.bindings = Bindings(self.tree)
        self._exports = Exports(self.bindings)

    @cached_property
    def options(self) -> Options:
        """The options that it exports, as far as they can be told."""
        return options_of(self.tree, self.bindings)

    @cached_property
    def imports(self) -> list[Use]:
        """The modules and files that it uses."""
        return uses(self.tree, self.bindings)

    @cached_property
    def exports(self) -> set[str] | None:
        """The exported names, `default` among them; None if they cannot be told."""
        return set(self._exports.values) if self._exports.are_known else None

    @cached_property
    def calls(self) -> list[Call]:
        """Every call, in order."""
        return [self._call(node) for node in self.tree.nodes if node.type in _CALLS]

    def calls_of(self, *names: str) -> Iterator[Call]:
        """The calls with one of these names."""
        return (call for call in self.calls if call.name in names)

    def functions(self, names: set[str]) -> "list[Node]":
        """The functions of this file that it exports under these names."""
        found = [self._function(self._exports.values[name]) for name in sorted(names & self._exported)]
        return [node for node in found if node is not None]

    def passed_on(self, names: set[str]) -> set[str]:
        """Those of these exported names whose functions stand in another file."""
        if not self._exports.are_known:
            return names
        return {name for name in names & self._exported if self._is_elsewhere(self._exports.values[name])}

    def canonical(self, name: str) -> str:
        """A dotted name with the usual first part, if that is imported from a module of k6."""
        first, _, rest = name.partition(".")
        declared = self.bindings.declarations.get(first)
        if declared is None or declared.module not in _MODULES:
            return name
        parts = [_MODULES[declared.module], self._imported_name(declared), rest]
        return ".".join(part for part in parts if part)

    @property
    def _exported(self) -> set[str]:
        return set(self._exports.values)

    def _imported_name(self, declared: Declaration) -> str:
        """The name in its module; empty for a default import or the whole module."""
        if declared.node.type != "import_specifier":
            return ""
        name = self.tree.text(declared.node.child_by_field_name("name"))
        return "" if name == "default" else name

    def _call(self, node: "Node") -> Call:
        target = node.child_by_field_name(_CALLS[node.type])
        given = node.child_by_field_name("arguments")
        arguments = given.named_children if given is not None and given.type == "arguments" else []
        line = self.tree.line(_name_of(target) if target is not None else node)
        name = self.canonical(self.bindings.dotted(target))
        arguments = [one for one in arguments if one.type != "comment"]
        return Call(name, node, line, arguments, [literal_text(self.tree, one) for one in arguments])

    def _function(self, value: "Node | None") -> "Node | None":
        """The function that an exported value is, directly or by name."""
        for _ in range(8):
            if value is None or value.type in FUNCTIONS:
                return value
            value = unwrapped(value)
            declared = self.bindings.declarations.get(self.tree.text(value)) if _is_name(value) else None
            if value.type not in FUNCTIONS:
                value = (declared.value or declared.node) if declared is not None else None
        return None

    def _is_elsewhere(self, value: "Node | None") -> bool:
        if value is None:
            return True
        declared = self.bindings.declarations.get(self.tree.text(value)) if _is_name(value) else None
        return declared is not None and declared.module is not None


def _is_name(node: "Node") -> bool:
    return node.type in ("identifier", "shorthand_property_identifier")


def _name_of(target: "Node") -> "Node":
    """The node of the last name, whose line people look for."""
    return target.child_by_field_name("property") or target
