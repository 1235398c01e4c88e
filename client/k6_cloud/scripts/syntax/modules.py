"""The modules that a script imports and the files that it opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from k6_cloud.scripts.syntax.bindings import Bindings
from k6_cloud.scripts.syntax.strings import literal_text, string_text
from k6_cloud.scripts.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

UseKind = Literal["import", "open", "proto", "protoset"]
_OPENING: dict[str, UseKind] = {"open": "open", "fs.open": "open"}
_BROWSER = ("k6/browser", "k6/experimental/browser")


@dataclass(frozen=True)
class Use:
    """A module or file that a script names; `name` is None if it is computed."""

    kind: UseKind
    name: str | None
    line: int


def uses(tree: SyntaxTree, bindings: Bindings | None = None) -> list[Use]:
    """The modules and files that a script uses, in order. Imports of types alone are not among them."""
    bindings = bindings or Bindings(tree)
    return [use for node in tree.nodes for use in _uses(bindings, node)]


def uses_browser(tree: SyntaxTree) -> bool:
    """Whether a script imports the browser module."""
    return any(use.kind == "import" and use.name in _BROWSER for use in uses(tree))


def is_local(name: str) -> bool:
    """Whether a name stands for a file, rather than for a module of k6 or a URL."""
    has_drive = (
        len(name) > 2 and name[0].isascii() and name[0].isalpha() and name[1] == ":" and name[2] in "/\\"
    )
    return has_drive or name.startswith((".", "/", "\\", "file:"))


def _uses(bindings: Bindings, node: "Node") -> Iterator[Use]:
    if node.type in ("import_statement", "export_statement", "import_require_clause"):
        source = node.child_by_field_name("source")
        if source is not None and not _is_of_types(node):
            yield Use("import", string_text(bindings.tree, source), bindings.tree.line(source))
    elif node.type == "call_expression":
        yield from _called(bindings, node)


def _is_of_types(statement: "Node") -> bool:
    """Whether an import or export is of TypeScript types alone, which leave no trace in JavaScript."""
    clause = next((child for child in statement.named_children if child.type.endswith("_clause")), statement)
    names = [one for child in clause.named_children for one in child.named_children]
    specifiers = [one for one in names if one.type == "import_specifier"]
    are_types = [any(child.type == "type" for child in one.children) for one in (statement, *specifiers)]
    return are_types[0] or (len(specifiers) > 0 and len(specifiers) == len(names) and all(are_types[1:]))


def _called(bindings: Bindings, node: "Node") -> Iterator[Use]:
    name = bindings.dotted(node.child_by_field_name("function"))
    arguments = node.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    given = [one for one in given if one.type != "comment"]
    method = name.rpartition(".")[2]
    if name in ("require", "import"):
        yield _use(bindings, "import", node, given[:1])
    elif name in _OPENING:
        yield _use(bindings, _OPENING[name], node, given[:1])
    elif "." in name and method == "loadProtoset":
        yield _use(bindings, "protoset", node, given[:1])
    elif "." in name and method == "load" and len(given) > 1:
        # load(importPaths, ...files) of a gRPC client.
        for one in given[1:]:
            yield _use(bindings, "proto", node, [one])


def _use(bindings: Bindings, kind: UseKind, call: "Node", given: "list[Node]") -> Use:
    name = literal_text(bindings.tree, given[0]) if given else None
    return Use(kind, name, bindings.tree.line(call))
