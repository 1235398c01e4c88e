"""Skipped tests, told with their reasons; in CI, one that nobody expects fails the run."""

import os
import re
from collections import Counter

import pytest

# What a CI machine may lack. `.ci/run` installs the rest, so another reason means that something broke.
EXPECTED = (
    r"Claude Code is not on the PATH",
    r".* cannot be reached: .*",
    r"root may write everywhere",
    r"needs an ordinary user",
    r"Grafana's schema is not at .*",
    r"The views' source is not here\.",
    r"The views' tools are not here: .*",
    r"not in a clone",
    r"npm (is not on the PATH|could not fetch .*)",
    r"the benchmarks are in a checkout only",
    r"There is no Chromium here: .*",
    r"needs (HAProxy|docker-compose|promtool|libfaketime): .*",
    r"k6 2 is not built: .*",
)
_EXPECTED = re.compile("|".join(f"(?:{one})" for one in EXPECTED))


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the reason of a skipped test, without pytest's own word before it."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def unexpected(reasons: Counter[str]) -> list[str]:
    """Return the reasons that a CI machine should not give."""
    return [reason for reason in reasons if not _EXPECTED.fullmatch(reason)]


def skipped_in(terminal: pytest.TerminalReporter) -> Counter[str]:
    """Count the skipped tests of a run by reason."""
    return Counter(reason_of(report) for report in terminal.stats.get("skipped", []))


def tell(terminal: pytest.TerminalReporter) -> None:
    """Print every reason with the number of its tests."""
    reasons = skipped_in(terminal)
    if reasons:
        terminal.section("skipped tests")
    for reason, count in reasons.most_common():
        terminal.write_line(f"{count} skipped: {reason}")
    if os.environ.get("CI") and (surprises := unexpected(reasons)):
        terminal.write_line(f"Not expected in CI: {'; '.join(surprises)}", red=True)


def fail_on_surprises(session: pytest.Session) -> None:
    """Make a run in CI fail if it skipped a test for a reason that is not expected there."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and terminal is not None and unexpected(skipped_in(terminal)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
