"""A syntax tree of JavaScript or TypeScript. It tolerates errors, and its cost is bounded."""

import time
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

from k6_cloud.errors import ScriptError

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

SourceKind = Literal["javascript", "typescript"]
LARGEST = 1024 * 1024
_MOST_NODES = 1_500_000
# Ordinary scripts of 1 MiB take 0.15 s; deliberately ambiguous ones can take minutes.
_LONGEST = 0.8
_TOO_LARGE = "The script is too large to analyse."
_CHUNK = 64 * 1024
_TYPESCRIPT_ENDINGS = (".ts", ".mts", ".cts")
_JAVASCRIPT_ENDINGS = (".js", ".mjs", ".cjs")


class SyntaxTree:
    """A parsed source file. Lines count from 1."""

    def __init__(self, source: bytes, kind: SourceKind) -> None:
        """Parse `source`. Raises ScriptError if it is too large or takes too long."""
        self.source = source
        self.kind: SourceKind = kind
        self._tree = _parsed(source, kind)

    @property
    def root(self) -> "Node":
        """The whole file."""
        return self._tree.root_node

    @property
    def has_errors(self) -> bool:
        """Whether the file is not valid in its language."""
        return self.root.has_error

    @property
    def nodes(self) -> "list[Node]":
        """All named nodes in the order of the text, each before its children."""
        return self._walked[0]

    @property
    def parents(self) -> "dict[int, Node]":
        """The parent of each named node, by the node's id."""
        return self._walked[1]

    @cached_property
    def _walked(self) -> "tuple[list[Node], dict[int, Node]]":
        nodes: list[Node] = []
        parents: dict[int, Node] = {}
        for node, parent, _ in self.walk():
            nodes.append(node)
            if parent is not None:
                parents[node.id] = parent
        return nodes, parents

    def walk(self) -> "Iterator[tuple[Node, Node | None, str | None]]":
        """Yield all named nodes with the parent of each and their field there. Raises ScriptError if too many."""
        node = self.root
        cursor = node.walk()
        above: list[Node] = []
        yield node, None, None
        for _ in range(_MOST_NODES):
            if cursor.goto_first_child():
                above.append(node)
            else:
                while not cursor.goto_next_sibling():
                    if not cursor.goto_parent():
                        return
                    above.pop()
            assert cursor.node is not None
            node = cursor.node
            if node.is_named:
                yield node, above[-1], cursor.field_name
        raise ScriptError(_TOO_LARGE)

    def below(self, start: "Node") -> "Iterator[Node]":
        """Yield `start` and all nodes below it. Raises ScriptError if there are too many."""
        cursor = start.walk()
        for _ in range(_MOST_NODES):
            assert cursor.node is not None
            yield cursor.node
            if cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
        raise ScriptError(_TOO_LARGE)

    def above(self, node: "Node") -> "Iterator[Node]":
        """Yield the nodes that enclose `node`, the innermost first."""
        parents = self.parents
        while (parent := parents.get(node.id)) is not None:
            yield parent
            node = parent

    def text(self, node: "Node | None") -> str:
        """The source text of a node; empty for None."""
        return self.source[node.start_byte : node.end_byte].decode(errors="replace") if node else ""

    def line(self, node: "Node") -> int:
        """The line on which a node begins."""
        return node.start_point.row + 1


def parse(source: str | bytes, name: str | None = None) -> SyntaxTree:
    """Parse a script; `name` is its file name, whose ending tells the language.

    Without a telling name it is TypeScript only if it is valid TypeScript and not valid JavaScript.
    Raises ScriptError if it is larger than 1 MiB or takes too long.
    """
    data = source.encode(errors="replace") if isinstance(source, str) else source
    if (kind := kind_by_name(name)) is not None:
        return SyntaxTree(data, kind)
    tree = SyntaxTree(data, "javascript")
    if tree.has_errors:
        typed = SyntaxTree(data, "typescript")
        return tree if typed.has_errors else typed
    return tree


def kind_by_name(name: str | None) -> SourceKind | None:
    """The language that a file name tells; None if it tells none."""
    lowered = (name or "").lower()
    if lowered.endswith(_TYPESCRIPT_ENDINGS):
        return "typescript"
    return "javascript" if lowered.endswith(_JAVASCRIPT_ENDINGS) else None


def _parsed(source: bytes, kind: SourceKind) -> "Tree":
    if len(source) > LARGEST:
        raise ScriptError("The script is larger than 1 MiB, too large to analyse.")
    # Imported here: servers start faster, and most calls parse nothing.
    from tree_sitter import Parser

    started = time.thread_time()
    try:
        return Parser(_language(kind)).parse(
            lambda offset, _: source[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: time.thread_time() - started > _LONGEST,
        )
    except ValueError as error:
        raise ScriptError("The script takes too long to parse. Make it smaller or simpler.") from error


@cache
def _language(kind: SourceKind) -> "Language":
    from tree_sitter import Language

    if kind == "typescript":
        import tree_sitter_typescript

        return Language(tree_sitter_typescript.language_typescript())
    import tree_sitter_javascript

    return Language(tree_sitter_javascript.language())
