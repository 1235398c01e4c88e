"""The options that a script exports, read without running it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from k6_cloud.scripts.syntax.bindings import Bindings
from k6_cloud.scripts.syntax.changes import Changes
from k6_cloud.scripts.syntax.exports import Exports
from k6_cloud.scripts.syntax.literals import Evaluator, Path
from k6_cloud.scripts.syntax.tree import SyntaxTree
from k6_cloud.scripts.syntax.values import MORE, UNKNOWN, is_fully_known

if TYPE_CHECKING:
    from tree_sitter import Node

NAME = "options"
# Code that names these may change how k6 reads any object.
_META = frozenset(
    {"prototype", "__proto__", "toJSON", "defineProperty", "defineProperties", "setPrototypeOf", "Reflect"}
    | {"Proxy", "eval", "Function", "globalThis", "__defineGetter__", "constructor"}
)


@dataclass(frozen=True)
class Options:
    """A reading of `options`: UNKNOWN, or UNKNOWN in places, if only running the script would tell.

    `uncertain` gives reasons, in a few words each, why k6 may read something else; it is empty if the options are
    literal. `...` as a key marks an object that may have more properties. A script that exports no options has
    an empty object here, and `unexported` is the line of options that it declares without exporting them.
    """

    value: Any = UNKNOWN
    uncertain: tuple[str, ...] = ()
    unexported: int | None = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])

    @property
    def literal(self) -> dict[str, Any] | None:
        """The options as k6 will read them; None if that is not certain."""
        value: Any = self.value
        is_literal = not self.uncertain and isinstance(value, dict) and is_fully_known(value)
        return cast("dict[str, Any]", value) if is_literal else None

    def line(self, *path: str) -> int | None:
        """The line of a property, or of the nearest object around it."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(path[:length]):
                return line
        return None


def options_of(tree: SyntaxTree, bindings: Bindings | None = None) -> Options:
    """The options that the script of `tree` exports; `bindings` are its names, if they are at hand."""
    bindings = bindings or Bindings(tree)
    exports = Exports(bindings)
    exported = exports.values
    if NAME in exported:
        node = exported[NAME]
        if node is None:
            return Options(uncertain=("another module",))
        return _read(bindings, node, _doubts(bindings, node))
    declared = bindings.declarations.get(NAME)
    if exports.are_known:
        unexported = None if declared is None or declared.module else tree.line(declared.node)
        return Options({}, tuple(_errors(tree)), unexported)
    if declared is not None and declared.value is not None:
        return _read(bindings, declared.value, ["exports that only running it would tell"])
    return Options(uncertain=("exports that only running it would tell",))


def _read(bindings: Bindings, node: "Node", doubts: list[str]) -> Options:
    evaluator = Evaluator(bindings)
    value = evaluator.evaluate(_listed(bindings, node) or node)
    evaluator.lines[()] = bindings.tree.line(_listed(bindings, node) or node)
    if isinstance(value, dict) and MORE in value:
        evaluator.reasons.setdefault("computed properties", None)
    reasons = [*doubts, *evaluator.reasons, *_errors(bindings.tree)]
    return Options(value, tuple(dict.fromkeys(reasons)), None, evaluator.lines)


def _listed(bindings: Bindings, node: "Node") -> "Node | None":
    """The value behind a name in `export { … }`, which may stand before its declaration."""
    parent = bindings.tree.parents.get(node.id)
    is_listed = parent is not None and parent.type == "export_specifier"
    declared = bindings.declarations.get(bindings.tree.text(node)) if is_listed else None
    return declared.value if declared is not None else None


def _doubts(bindings: Bindings, node: "Node") -> list[str]:
    """Reasons outside of the value itself."""
    tree, found = bindings.tree, list[str]()
    is_name = node.type in ("identifier", "shorthand_property_identifier")
    changed = Changes(bindings).of(tree.text(node) if is_name else NAME)
    if changed is not None:
        found.append(f"a possible change in line {tree.line(changed)}")
    meta = next((one for one in tree.nodes if _is_meta(tree, one) or _changes_global(bindings, one)), None)
    if meta is not None:
        found.append(f"{tree.text(meta)[:40]} in line {tree.line(meta)}, which may change how k6 reads them")
    return found


def _changes_global(bindings: Bindings, node: "Node") -> bool:
    """Whether code assigns to a member of something that the module does not declare, such as `JSON.parse`."""
    left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
    if left is None or left.type not in ("member_expression", "subscript_expression"):
        return False
    start, _ = bindings.member(left)
    name = bindings.tree.text(start)
    names = (*bindings.declarations, "module", "exports")
    return start.type != "this" and name not in names and name[:1].isupper()


def _is_meta(tree: SyntaxTree, node: "Node") -> bool:
    is_name = node.type in ("identifier", "property_identifier", "string_fragment")
    return is_name and tree.text(node) in _META and not _is_method_name(tree, node)


def _is_method_name(tree: SyntaxTree, node: "Node") -> bool:
    """Whether it is the constructor of a class."""
    parent = tree.parents.get(node.id)
    return parent is not None and parent.type == "method_definition" and tree.text(node) == "constructor"


def _errors(tree: SyntaxTree) -> list[str]:
    return ["a syntax error"] if tree.has_errors else []
