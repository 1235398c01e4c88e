"""Known traps in the code of a script. They go by its tokens, so they can miss what is written in a roundabout way."""

import re
from collections.abc import Callable, Iterable, Sequence

from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.outline import CallSite, Outline
from k6_cloud_mcp_tools.lint.tokens import Token

Check = Callable[[Outline, set[str]], Iterable[Finding]]

_REQUEST = re.compile(r"http\.(get|post|put|patch|del|head|options|request)")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
_METRICS = frozenset({"Counter", "Gauge", "Rate", "Trend"})
# From what k6 itself says when it meets them.
_GONE = {
    "k6/experimental/browser": "import k6/browser instead",
    "k6/experimental/grpc": "import k6/net/grpc instead",
    "k6/experimental/timers": "remove the import: the functions are global now",
    "k6/experimental/webcrypto": "remove the import: crypto is global now",
    "k6/experimental/tracing": "use the jslib http-instrumentation-tempo instead",
}

GONE_MODULE = Rule(
    "removed-module", "error", "k6 1.0 and later refuse to run it.", "Import what has taken its place."
)
CARDINALITY = Rule(
    "url-without-name",
    "warning",
    "Each different URL becomes a time series of its own: results get hard to read, and cloud limits are met.",
    "Set tags: { name: '…' } in the request's parameters, or use http.url`…`.",
)
CONSOLE = Rule(
    "console-in-loop",
    "hint",
    "It writes a line in every iteration of every VU: slow, and the cloud keeps only so many lines.",
    "Remove it, or log only what failed.",
)
BATCHED_CALLS = Rule(
    "requests-in-batch",
    "warning",
    "Requests that are called within the array have been sent one after the other before batch() begins.",
    "Give batch() URLs or ['GET', url] arrays, not calls of http.get().",
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


def removed_modules(file: Outline, _: set[str]) -> Iterable[Finding]:
    """Imports that k6 no longer knows."""
    for name, line in file.imports:
        if name in _GONE:
            yield GONE_MODULE.at(line, f"{name} has been removed: {_GONE[name]}.")


def varying_urls(file: Outline, _: set[str]) -> Iterable[Finding]:
    """Requests whose URL differs from call to call, without a name for all of them."""
    for call in file.calls:
        if not _REQUEST.fullmatch(call.name):
            continue
        arguments = file.arguments(call)
        url = arguments[1:2] if call.name == "http.request" else arguments[:1]
        if url and _varies(url[0]) and not _may_have_name(call, arguments):
            yield CARDINALITY.at(call.line, f"{call.name}() has a changing URL and no name tag.")


def _varies(url: Sequence[Token]) -> bool:
    """Whether code stands in a URL behind its first part, other than CONSTANTS."""
    if any(token.is_name("url") for token in url[:3]) and url[0].is_name("http"):
        return False
    pieces = [token for token in url if not token.is_sign("${", "}", "+", "(", ")")]
    behind = pieces[1:] if pieces and pieces[0].kind in ("string", "template") and pieces[0].text else None
    if behind is None:
        # `${BASE}/…` and BASE + '/…': what comes before the first literal text is the address of the target.
        literals = [index for index, token in enumerate(pieces) if _is_text(token)]
        behind = pieces[literals[0] + 1 :] if literals else []
    return any(token.kind == "name" and not _CONSTANT.fullmatch(token.text) for token in behind)


def _is_text(token: Token) -> bool:
    return token.kind in ("string", "template") and bool(token.text)


def _may_have_name(call: CallSite, arguments: Sequence[Sequence[Token]]) -> bool:
    """Whether the parameters have a name tag, or are made elsewhere."""
    last = 1 if call.name in ("http.get", "http.head") else 3 if call.name == "http.request" else 2
    params = [token for argument in arguments[last : last + 1] for token in argument]
    return bool(params) and (not params[0].is_sign("{") or any(_can_name(token) for token in params))


def _can_name(token: Token) -> bool:
    # A spread or a variable may bring the tag along.
    return token.is_name("name") or token.is_sign("...") or (token.kind == "string" and token.text == "name")


def console_in_loops(file: Outline, entries: set[str]) -> Iterable[Finding]:
    """Lines that are logged in every iteration."""
    for call in _within(file, entries):
        if call.name in ("console.log", "console.info", "console.debug") and not _is_conditional(file, call):
            yield CONSOLE.at(call.line, f"{call.name}() in a function that VUs repeat.")


def _is_conditional(file: Outline, call: CallSite) -> bool:
    """Whether a call stands under an if, a catch, a callback or the like."""
    before = file.at(call.start - 4)
    if before.is_sign("&&", "||", "?", ":", "=>", ")") or before.is_name("else"):
        return True
    return any(_is_branch(file, start) for start in file.brackets_around(call.start))


def _is_branch(file: Outline, position: int) -> bool:
    before = file.at(position - 1)
    if before.is_name("else", "catch") or before.is_sign("=>"):
        return True
    head = file.openings.get(position - 1)
    return head is not None and file.at(head - 1).is_name("if", "catch", "switch")


def batched_calls(file: Outline, _: set[str]) -> Iterable[Finding]:
    """`http.batch([http.get(…)])`."""
    batches = {call.start: call for call in file.calls if call.name == "http.batch"}
    requests = [call for call in file.calls if batches and _REQUEST.fullmatch(call.name)]
    early = {start for call in requests for start in file.brackets_around(call.start)} & batches.keys()
    for batch in (batches[start] for start in sorted(early)):
        yield BATCHED_CALLS.at(batch.line, "http.batch() is given requests that were already sent.")


def init_only_calls(file: Outline, entries: set[str]) -> Iterable[Finding]:
    """What only init code may do, done by a VU."""
    for call in _within(file, entries):
        is_metric = call.name in _METRICS and file.at(call.start - 2).is_name("new")
        if call.name == "open" or is_metric:
            yield INIT_ONLY.at(call.line, f"{call.name}() in a function that VUs run.")


def summaries(file: Outline, _: set[str]) -> Iterable[Finding]:
    """A summary that the cloud does not make."""
    if "handleSummary" in (file.exports or ()):
        lines = [one.line for one in file.tokens if one.is_name("handleSummary")]
        yield LOCAL_SUMMARY.at(lines[0], "The script exports handleSummary().")


def _within(file: Outline, entries: set[str]) -> Iterable[CallSite]:
    """The calls in the bodies of these functions."""
    starts = {start for start, _ in file.bodies(entries)}
    return [call for call in file.calls if not starts.isdisjoint(file.brackets_around(call.start))]


CHECKS: list[Check] = [
    removed_modules,
    varying_urls,
    console_in_loops,
    batched_calls,
    init_only_calls,
    summaries,
]
