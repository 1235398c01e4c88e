"""Rules on the requests of a script: their names, batches, and whether anything looks at their responses."""

import re
from collections.abc import Iterable

from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.name_tags import WITH_METHOD, NameTags
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.source_file import SourceFile
from k6_cloud_mcp_tools.lint.subject import Subject
from k6_cloud_mcp_tools.lint.varying import Varying

_REQUEST = re.compile(r"http\.(get|post|put|patch|del|head|options|request|asyncRequest)")
_SENDING = re.compile(r"http\.\w+|.*\.(invoke|goto)")
_CHECKING = frozenset({"check", "expect", "assert", "fail", "describe", "Rate"})

CARDINALITY = Rule(
    "url-without-name",
    "warning",
    "Each different URL becomes its own time series: results are hard to read, and cloud limits are reached.",
    "Set tags: { name: '…' } in the request's parameters, or use http.url`…`.",
)
BATCHED_CALLS = Rule(
    "requests-in-batch",
    "warning",
    "Requests called inside the array are sent one after the other, before batch() begins.",
    "Give batch() URLs or ['GET', url] arrays, not calls of http.get().",
)
NO_CHECKS = Rule(
    "no-checks",
    "hint",
    "A wrong page with status 200 counts as a success.",
    "Add check() on status and content, and a threshold on checks.",
)


def varying_urls(file: SourceFile, scopes: Scopes) -> Iterable[Finding]:
    """Report requests whose URL differs from call to call, without one name for all of them."""
    varying, tags = Varying(file, scopes), NameTags(file, scopes)
    if tags.are_set_for_all:
        return
    for call in file.calls:
        if not _REQUEST.fullmatch(call.name) or scopes.runs_once(call.node):
            continue
        url = call.arguments[1:2] if call.name in WITH_METHOD else call.arguments[:1]
        if url and varying.url(url[0]) and not tags.may_name(call):
            yield CARDINALITY.at(call.line, f"{call.name}() has a changing URL and no name tag.")


def batched_calls(file: SourceFile, scopes: Scopes) -> Iterable[Finding]:
    """Report `http.batch([http.get(…)])`."""
    reported = set[int]()
    for call in file.calls:
        batch = scopes.place(call.node).batch if _REQUEST.fullmatch(call.name) else None
        if batch is not None and batch.id not in reported:
            reported.add(batch.id)
            line = file.tree.line(batch)
            yield BATCHED_CALLS.at(line, "http.batch() is given requests that were already sent.")


def unchecked_responses(subject: Subject) -> Iterable[Finding]:
    """Report a script that sends requests and never looks at a response."""
    names = {call.name for call in subject.calls}
    checks = any(not _CHECKING.isdisjoint(name.split(".")) for name in names)
    sent = next((call for call in subject.entry.calls if _SENDING.fullmatch(call.name)), None)
    if sent is not None and not checks and subject.is_whole:
        yield NO_CHECKS.at(sent.line, "The script has no checks.")
