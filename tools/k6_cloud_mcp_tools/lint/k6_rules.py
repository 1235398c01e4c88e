"""The words of k6 itself on a script, as findings."""

import re
from collections.abc import Iterable, Sequence

from k6_cloud_mcp_tools.lint.findings import Finding, Rule

# What rules on the syntax tree report too, at a line.
_REPORTED = {
    "option-ignored": re.compile(
        r"option will be ignored|explicitly set to an empty value|overrides scenarios"
    ),
    "unknown-option": re.compile(r"unknown fields in the options"),
}

REJECTED = Rule(
    "k6-rejects",
    "error",
    "k6 cannot run the script.",
    "Fix the error k6 reports, then lint again. If files are missing, pass script_path: then k6 bundles them.",
)
NOT_READ = Rule(
    "k6-did-not-read",
    "hint",
    "k6 did not read the script, so the other findings come from its text alone.",
    "Follow what the detail says, or ignore this if the test runs elsewhere.",
)
WARNED = Rule(
    "k6-warns",
    "warning",
    "k6 goes on, but the run is not what the options say.",
    "Change the option that k6 names.",
)
UNRESOLVED = Rule(
    "unresolved-file",
    "error",
    "k6 takes paths as they are written: no ending is added, no folder searched.",
    "Correct the path, or add the file.",
)


def warned(warnings: Sequence[str], findings: Iterable[Finding]) -> Iterable[Finding]:
    """Report k6's warnings, but for those that `findings` report at a line already."""
    rules = {one.rule for one in findings}
    for warning in warnings:
        if not any(rule in rules and pattern.search(warning) for rule, pattern in _REPORTED.items()):
            yield WARNED.at(None, warning)
