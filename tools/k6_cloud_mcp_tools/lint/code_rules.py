"""Rules on the code of one file."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.request_rules import batched_calls, varying_urls
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.source_file import FUNCTIONS, SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

Check = Callable[[SourceFile, Scopes], Iterable[Finding]]

_LOGGING = ("console.log", "console.info", "console.debug")
_METRICS = frozenset({"Counter", "Gauge", "Rate", "Trend"})
_INIT_ONLY = _METRICS | {"SharedArray", "open", "fs.open"}
_FAILING = ("fail", "exec.test.abort")
_LEAVING = ("return_statement", "break_statement", "continue_statement")
# By k6's own messages.
_GONE = {
    "k6/experimental/browser": "import k6/browser instead",
    "k6/experimental/grpc": "import k6/net/grpc instead",
    "k6/experimental/timers": "remove the import: the functions are global now",
    "k6/experimental/webcrypto": "remove the import: crypto is global now",
    "k6/experimental/tracing": "use the jslib http-instrumentation-tempo instead",
}

GONE_MODULE = Rule("removed-module", "error", "k6 1.0 and later refuse to run it.", "Import its replacement.")
CONSOLE = Rule(
    "console-in-loop",
    "hint",
    "Every iteration of every VU writes a line: slow, and the cloud keeps only a limited number of lines.",
    "Remove it, or log only failures.",
)
INIT_ONLY = Rule(
    "init-only-call",
    "error",
    "k6 allows it in init code only: in a VU function every iteration fails.",
    "Move it to the top of the file.",
)
LOCAL_SUMMARY = Rule(
    "handle-summary",
    "hint",
    "handleSummary() is called in local runs only; Grafana Cloud k6 ignores it.",
    "Read the results with get_test_run and query_test_run_metrics.",
)
ALWAYS_THROWS = Rule(
    "always-throws",
    "error",
    "After a throw in setup() no iteration runs; in a VU function every iteration fails.",
    "Remove the throw, or put it under a condition.",
)


def removed_modules(file: SourceFile, _: Scopes) -> Iterable[Finding]:
    """Report imports that k6 has removed."""
    for use in file.imports:
        if use.kind == "import" and use.name in _GONE:
            yield GONE_MODULE.at(use.line, f"{use.name} has been removed: {_GONE[use.name]}.")


def console_in_loops(file: SourceFile, scopes: Scopes) -> Iterable[Finding]:
    """Report lines that every iteration logs."""
    for call in file.calls_of(*_LOGGING):
        place = scopes.place(call.node)
        if place.is_in_entry and not place.is_conditional:
            yield CONSOLE.at(call.line, f"{call.name}() in a function that VUs repeat.")


def init_only_calls(file: SourceFile, scopes: Scopes) -> Iterable[Finding]:
    """Report calls in VU functions that only init code may make."""
    for call in file.calls:
        is_new = call.node.type == "new_expression"
        is_init_only = call.name in _INIT_ONLY and is_new != call.name.endswith("open")
        if is_init_only and scopes.place(call.node).is_in_entry:
            yield INIT_ONLY.at(call.line, f"{call.name}() in a function that VUs run.")


def summaries(file: SourceFile, _: Scopes) -> Iterable[Finding]:
    """Report a summary that the cloud does not make."""
    if file.exports is not None and "handleSummary" in file.exports:
        found = file.bindings.references.get("handleSummary", ())
        line = file.tree.line(found[0]) if found else None
        yield LOCAL_SUMMARY.at(line, "The script exports handleSummary().")


def certain_throws(file: SourceFile, scopes: Scopes) -> Iterable[Finding]:
    """Report setup(), teardown() and VU functions that throw whatever happens."""
    for function in [*file.functions({"setup", "teardown"}), *scopes.entries]:
        body = function.child_by_field_name("body")
        thrown = _certain_throw(file, body) if body is not None and body.type == "statement_block" else None
        if thrown is not None:
            name = file.tree.text(function.child_by_field_name("name"))
            name = f"{name}()" if name else "This function"
            yield ALWAYS_THROWS.at(file.tree.line(thrown), f"{name} always throws here.")


def _certain_throw(file: SourceFile, body: "Node") -> "Node | None":
    """The statement that throws if nothing before it leaves the function."""
    waiting = body.named_children[::-1]
    while waiting:
        statement = waiting.pop()
        if statement.type == "throw_statement" or _is_failing_call(file, statement):
            return statement
        if statement.type == "statement_block":
            waiting += statement.named_children[::-1]
        elif _may_leave(statement):
            return None
    return None


def _is_failing_call(file: SourceFile, statement: "Node") -> bool:
    call = statement.named_children[0] if statement.type == "expression_statement" else None
    if call is None or call.type != "call_expression":
        return False
    return file.canonical(file.bindings.dotted(call.child_by_field_name("function"))) in _FAILING


def _may_leave(statement: "Node") -> bool:
    """Whether a statement may leave the function or the block, other than by throwing."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        if node.type in _LEAVING:
            return True
        if node.type not in FUNCTIONS:
            waiting += node.named_children
    return False


CHECKS: list[Check] = [
    removed_modules,
    certain_throws,
    varying_urls,
    batched_calls,
    init_only_calls,
    summaries,
]
# Only where VUs repeat the functions.
REPEATED_CHECKS: list[Check] = [console_in_loops]
