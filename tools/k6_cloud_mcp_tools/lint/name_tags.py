"""Whether a request may have a name tag, which groups the URLs that it requests."""

from functools import cached_property
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import unwrapped
from k6_cloud.scripts.syntax.changes import assignments
from k6_cloud.scripts.syntax.strings import string_text
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.source_file import Call, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

WITH_METHOD = ("http.request", "http.asyncRequest")
_WITHOUT_BODY = ("http.get", "http.head")
_NAME_TAG = ("tags", "name")
_DEEPEST = 4


class NameTags:
    """Looks for name tags in the parameters of requests of one file."""

    def __init__(self, file: SourceFile, scopes: Scopes) -> None:
        """Resolve names in `scopes`."""
        self._file = file
        self._tree = file.tree
        self._scopes = scopes
        self._values: dict[int, Node | None] = {}

    @cached_property
    def are_set_for_all(self) -> bool:
        """Whether code sets the name tag for all requests of a VU, by `exec.vu.metrics.tags`."""
        bindings = self._file.bindings
        chains = (bindings.dotted(bindings.chain(node)) for node in bindings.references.get("exec", []))
        return any(chain.endswith(".tags.name") for chain in chains)

    def may_name(self, call: Call) -> bool:
        """Whether the parameters have a name tag, or come from code that may set one."""
        position = 1 if call.name in _WITHOUT_BODY else 3 if call.name in WITH_METHOD else 2
        params = call.arguments[position : position + 1]
        return bool(params) and self._may_hold(params[0], _NAME_TAG)

    def _may_hold(self, node: "Node", path: tuple[str, ...], depth: int = 0) -> bool:
        """Whether an object may have a property at a path."""
        if not path:
            return True
        node = unwrapped(node)
        if node.type in ("null", "undefined"):
            return False
        if node.type == "identifier" and depth < _DEEPEST:
            value = self._fixed_value(node)
            return value is None or self._may_hold(value, path, depth + 1)
        if node.type != "object" or depth >= _DEEPEST:
            return True
        return any(self._property_may_hold(child, path, depth + 1) for child in node.named_children)

    def _property_may_hold(self, node: "Node", path: tuple[str, ...], depth: int) -> bool:
        if node.type == "spread_element":
            return bool(node.named_children) and self._may_hold(node.named_children[0], path, depth)
        if node.type == "shorthand_property_identifier":
            return self._tree.text(node) == path[0]
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None or value is None or key.type == "computed_property_name":
            return node.type != "comment"
        name = string_text(self._tree, key) if key.type == "string" else self._tree.text(key)
        return name == path[0] and self._may_hold(value, path[1:], depth)

    def _fixed_value(self, node: "Node") -> "Node | None":
        """The object that a name stands for; None if it is made elsewhere or may be changed."""
        name = self._tree.text(node)
        variable = self._scopes.resolve(name, node)
        if variable is None or variable.kind != "variable" or variable.is_destructured:
            return None
        if variable.node.id not in self._values:
            is_changed = assignments(self._file.bindings, name, within=variable.scope)
            value = None if is_changed or name in self._written_to else variable.value
            self._values[variable.node.id] = value
        return self._values[variable.node.id]

    @cached_property
    def _written_to(self) -> set[str]:
        """The names of objects with a property that is assigned, or that are given to `Object.assign`."""
        found = {
            self._tree.text(one)
            for call in self._file.calls_of("Object.assign")
            for one in call.arguments[:1]
        }
        for node in self._tree.nodes:
            left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
            if left is not None:
                found.add(self._file.bindings.dotted(left).partition(".")[0])
        return found
