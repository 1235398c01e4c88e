"""The names of a module: what it declares and imports, and every use of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.strings import string_text
from k6_cloud.scripts.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
    | {"type_assertion"}
)
_MEMBERS = frozenset({"member_expression", "subscript_expression"})
_IDENTIFIERS = frozenset(
    {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
)
_FUNCTIONS = frozenset(
    {"function_declaration", "generator_function_declaration", "class_declaration", "enum_declaration"}
    | {"abstract_class_declaration"}
)
_VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})


@dataclass(frozen=True)
class Declaration:
    """A name declared at the top of a module: its value if it has one of its own, and whether it is imported."""

    name: str
    node: "Node"
    value: "Node | None" = None
    module: str | None = None


class Bindings:
    """The names of one file."""

    def __init__(self, tree: SyntaxTree) -> None:
        """Keep the tree; everything is derived when asked for."""
        self.tree = tree

    @cached_property
    def declarations(self) -> dict[str, Declaration]:
        """The module's own names; of several with one name the last."""
        return {one.name: one for statement in self.statements for one in self.declared_by(statement)}

    @cached_property
    def statements(self) -> "list[Node]":
        """The statements of the module, with those inside `export`."""
        found: list[Node] = []
        for statement in self.tree.root.named_children:
            inner = statement.child_by_field_name("declaration") if is_export(statement) else None
            found.append(inner or statement)
        return found

    @cached_property
    def references(self) -> "dict[str, list[Node]]":
        """Every use of each name, declarations included, whatever scope it belongs to."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.tree.nodes:
            if node.type in _IDENTIFIERS:
                found[self.tree.text(node)].append(node)
        return dict(found)

    def member(self, node: "Node") -> "tuple[Node, list[str]]":
        """The object at the start of `a.b['c']` with the names behind it; an unknown name is `*`."""
        names: list[str] = []
        while node.type in _MEMBERS or node.type in WRAPPERS:
            if node.type in _MEMBERS:
                names.append(self._member_name(node))
                inner = node.child_by_field_name("object")
            else:
                inner = unwrapped(node)
            if inner is None or inner.id == node.id:
                break
            node = inner
        return node, names[::-1]

    def dotted(self, node: "Node | None") -> str:
        """`a.b.c` as text; a part that is not a name is empty."""
        if node is None:
            return ""
        start, names = self.member(node)
        first = self.tree.text(start) if start.type in ("identifier", "this", "import") else ""
        return ".".join([first, *names])

    def _member_name(self, node: "Node") -> str:
        if node.type == "member_expression":
            return self.tree.text(node.child_by_field_name("property"))
        index = node.child_by_field_name("index")
        return string_text(self.tree, index) if index is not None and index.type == "string" else "*"

    def declared_by(self, statement: "Node") -> Iterator[Declaration]:
        if statement.type in _FUNCTIONS:
            name = statement.child_by_field_name("name")
            yield Declaration(self.tree.text(name), statement)
        elif statement.type in _VARIABLES:
            for one in statement.named_children:
                yield from self._variables(one)
        elif statement.type == "import_statement":
            yield from self._imported(statement)

    def _variables(self, declarator: "Node") -> Iterator[Declaration]:
        name = declarator.child_by_field_name("name")
        if name is None:
            return
        if name.type == "identifier":
            yield Declaration(self.tree.text(name), declarator, declarator.child_by_field_name("value"))
            return
        for node in self.tree.below(name):
            if node.type in _IDENTIFIERS:
                yield Declaration(self.tree.text(node), declarator)

    def _imported(self, statement: "Node") -> Iterator[Declaration]:
        source = statement.child_by_field_name("source")
        module = string_text(self.tree, source) if source is not None else ""
        for node in self.tree.below(statement):
            if node.type == "import_specifier":
                local = node.child_by_field_name("alias") or node.child_by_field_name("name")
                yield Declaration(self.tree.text(local), node, module=module)
            elif node.type == "identifier" and self._is_whole_import(node):
                yield Declaration(self.tree.text(node), node, module=module)

    def _is_whole_import(self, node: "Node") -> bool:
        parent = self.tree.parents.get(node.id)
        kinds = ("import_clause", "namespace_import", "import_require_clause")
        return parent is not None and parent.type in kinds

    def chain(self, node: "Node") -> "Node":
        """The whole of `a.b.c` of which `node` is the a."""
        while (parent := self.tree.parents.get(node.id)) is not None:
            is_object = parent.type in _MEMBERS and is_field(parent, "object", node)
            if not is_object and parent.type not in WRAPPERS:
                break
            node = parent
        return node


def unwrapped(node: "Node") -> "Node":
    """The expression inside parentheses and type annotations."""
    while node.type in WRAPPERS and node.named_children:
        inner = _without_types(node.named_children, last=node.type == "type_assertion")
        if inner is None:
            break
        node = inner
    return node


def _without_types(children: "Iterable[Node]", *, last: bool) -> "Node | None":
    found = [child for child in children if child.type != "comment"]
    return found[-1 if last else 0] if found else None


def is_field(parent: "Node", name: str, node: "Node") -> bool:
    """Whether `node` is that field of its parent."""
    found = parent.child_by_field_name(name)
    return found is not None and found.id == node.id


def is_export(node: "Node") -> bool:
    return node.type == "export_statement"
