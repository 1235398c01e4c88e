"""The dependencies of an expression's value, apart from the text of its own module."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from k6_cloud.scripts.syntax.bindings import Bindings, Declaration

if TYPE_CHECKING:
    from tree_sitter import Node

_GLOBALS = {"__ENV": "__ENV", "__VU": "__VU", "__ITER": "__ITER", "Date": "Date", "performance": "the time"}
_RANDOM = {"crypto": "random numbers"}
_LONGEST_NAME = 40
_MOST_CAUSES = 8
_MOST_NODES = 100_000


class Dependencies:
    """Collects dependencies of expressions of one file; each declaration is looked into once."""

    def __init__(self, bindings: Bindings) -> None:
        """Look into the file of `bindings`."""
        self._bindings = bindings
        self._seen = set[str]()
        self._left = _MOST_NODES

    def of(self, start: "Node") -> list[str]:
        """The reasons, not told before, why `start` has no fixed value: a few words each, at most eight."""
        found: dict[str, None] = {}
        for node in self._reachable(start):
            if cause := _cause(self._bindings, node):
                found[cause] = None
            if len(found) >= _MOST_CAUSES:
                break
        return list(found)

    def _reachable(self, start: "Node") -> "Iterator[Node]":
        """All nodes below `start` and below the declarations that they name."""
        waiting = [start]
        while waiting:
            for node in self._bindings.tree.below(waiting.pop()):
                self._left -= 1
                if self._left < 0:
                    return
                yield node
                declared = _declaration(self._bindings, node)
                if declared is not None and declared.module is None and declared.name not in self._seen:
                    self._seen.add(declared.name)
                    waiting.append(declared.node)


def _declaration(bindings: Bindings, node: "Node") -> Declaration | None:
    if node.type not in ("identifier", "shorthand_property_identifier"):
        return None
    return bindings.declarations.get(bindings.tree.text(node))


def _cause(bindings: Bindings, node: "Node") -> str | None:
    if node.type in ("identifier", "shorthand_property_identifier"):
        return _of_name(bindings, bindings.tree.text(node))
    if node.type in ("call_expression", "new_expression"):
        return _of_call(bindings, node)
    return None


def _of_name(bindings: Bindings, name: str) -> str | None:
    declared = bindings.declarations.get(name)
    if declared is not None:
        return f"the import {declared.module!r}" if declared.module is not None else None
    return _GLOBALS.get(name) or _RANDOM.get(name)


def _of_call(bindings: Bindings, node: "Node") -> str | None:
    target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    name = bindings.dotted(target)
    first = name.partition(".")[0]
    if first in _GLOBALS or first in _RANDOM:
        return None
    if name == "Math.random":
        return "Math.random()"
    return f"a call of {name[:_LONGEST_NAME]}()" if name.strip(".*") else "a call"
