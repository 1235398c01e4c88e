"""The names that a module exports."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import Bindings, is_export, is_field
from k6_cloud.scripts.syntax.strings import string_text

if TYPE_CHECKING:
    from tree_sitter import Node


class Exports:
    """The exports of one file, by `export` or by assignments to `module.exports`."""

    def __init__(self, bindings: Bindings) -> None:
        """Keep the names of the file; everything is derived when asked for."""
        self._bindings = bindings
        self._tree = bindings.tree

    @cached_property
    def values(self) -> "dict[str, Node | None]":
        """The exported names with their values; None for a value that stands in another module."""
        found: dict[str, Node | None] = {}
        for name, node in [*self._exported(), *self._assigned_exports()]:
            found[name] = node
        return found

    @cached_property
    def are_known(self) -> bool:
        """Whether no export can be missing from `exports`."""
        for node in self._tree.root.named_children:
            if is_export(node) and any(child.type in ("*", "namespace_export") for child in node.children):
                return False
        return not any(True for _ in self._unknown_exports())

    def _exported(self) -> "Iterator[tuple[str, Node | None]]":
        for node in self._tree.root.named_children:
            if is_export(node):
                yield from self._of_export(node)

    def _of_export(self, node: "Node") -> "Iterator[tuple[str, Node | None]]":
        declaration = node.child_by_field_name("declaration")
        if any(child.type == "default" for child in node.children):
            yield "default", node.child_by_field_name("value") or declaration
        elif declaration is not None:
            for one in self._bindings.declared_by(declaration):
                yield one.name, one.value or one.node
        is_elsewhere = node.child_by_field_name("source") is not None
        for clause in (child for child in node.named_children if child.type == "export_clause"):
            for one in clause.named_children:
                name = one.child_by_field_name("name")
                exported = one.child_by_field_name("alias") or name
                yield self._tree.text(exported), None if is_elsewhere else name

    def _assigned_exports(self) -> "Iterator[tuple[str, Node | None]]":
        for target, value in self._export_assignments():
            if target != "module.exports":
                yield target.rpartition(".")[2], value
                continue
            for name, inner in self._properties(value):
                if name is not None:
                    yield name, inner

    def _unknown_exports(self) -> "Iterator[Node]":
        for target, value in self._export_assignments():
            if target.endswith("*") or (target == "module.exports" and not self._is_plain_object(value)):
                yield value

    def _is_plain_object(self, value: "Node") -> bool:
        return value.type == "object" and all(name is not None for name, _ in self._properties(value))

    def _properties(self, value: "Node") -> "Iterator[tuple[str | None, Node]]":
        """The properties of an object; None for a name that is not written out."""
        for child in value.named_children if value.type == "object" else ():
            key = child.child_by_field_name("key") or child.child_by_field_name("name")
            if child.type == "shorthand_property_identifier":
                yield self._tree.text(child), child
            elif key is not None and key.type in ("property_identifier", "string"):
                text = string_text(self._tree, key) if key.type == "string" else self._tree.text(key)
                yield text, child.child_by_field_name("value") or child
            elif child.type != "comment":
                yield None, child

    def _export_assignments(self) -> "Iterator[tuple[str, Node]]":
        """The assignments to `module.exports` and its members, as `module.exports`, `exports.name`."""
        names = self._bindings.references.get("exports", []) + self._bindings.references.get("module", [])
        for node in sorted(names, key=lambda one: one.start_byte):
            whole = self._bindings.chain(node)
            parent = self._tree.parents.get(whole.id)
            if (
                parent is None
                or parent.type != "assignment_expression"
                or not is_field(parent, "left", whole)
            ):
                continue
            target, value = self._bindings.dotted(whole), parent.child_by_field_name("right")
            if value is not None and target.startswith(("module.exports", "exports.")):
                yield target, value
