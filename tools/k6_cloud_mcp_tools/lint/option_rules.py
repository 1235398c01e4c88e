"""Rules on the options of a script, but for those on its load."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from k6_cloud.scripts.syntax.values import MORE, UNKNOWN, known
from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.load_rules import LOAD_CHECKS
from k6_cloud_mcp_tools.lint.option_names import CLOUD_OPTIONS, OPTIONS, is_known_option, meant
from k6_cloud_mcp_tools.lint.request_rules import unchecked_responses
from k6_cloud_mcp_tools.lint.subject import DEFAULT, Subject

Check = Callable[[Subject], Iterable[Finding]]

_BUILT_IN = re.compile(
    r"(checks|data_(received|sent)|dropped_iterations|group_duration|iterations|iteration_duration|vus|vus_max"
    r"|http_reqs|http_req_(blocked|connecting|duration|failed|receiving|sending|tls_handshaking|waiting)"
    r"|(ws|grpc|browser|websocket)_\w+)"
)
_SCENARIO = re.compile(r"[{,]\s*scenario:([^,}]+)")
_METRICS = ("Counter", "Gauge", "Rate", "Trend")

NO_THRESHOLDS = Rule(
    "no-thresholds",
    "warning",
    "A run without thresholds always passes, however slow or broken the target is.",
    "Add options.thresholds, at least on http_req_failed and http_req_duration.",
)
UNWATCHED_CHECKS = Rule(
    "checks-without-threshold",
    "warning",
    "Failed checks alone never fail a run.",
    "Add a threshold such as checks: ['rate>0.99'].",
)
UNDEFINED_METRIC = Rule(
    "threshold-on-undefined-metric",
    "error",
    "k6 refuses to run a script with a threshold on a metric that is not defined.",
    "Correct the name, or define the metric with new Trend('…') and the like in the init code.",
)
UNKNOWN_SCENARIO = Rule(
    "threshold-on-unknown-scenario",
    "warning",
    "It gets no samples. k6 then takes 0 for counters, gauges and trends and skips rates: the result says nothing.",
    "Name a scenario of options.scenarios in {scenario:…}.",
)
UNREACHABLE = Rule(
    "exec-not-exported",
    "error",
    "k6 refuses to run a scenario whose function is not exported.",
    "Export a function of that name, or correct exec.",
)
UNEXPORTED = Rule(
    "options-not-exported",
    "warning",
    "k6 reads exported options only: without them one VU runs one iteration.",
    "Write export const options = { … }.",
)
UNKNOWN_OPTION = Rule(
    "unknown-option",
    "warning",
    "An option with an unknown name has no effect.",
    "Correct or remove it.",
)
CLOUD_TOKEN = Rule(
    "token-in-options",
    "error",
    "Everyone who can read the script or its runs can read the token.",
    "Remove it from the script and revoke it; the service needs no token in the options.",
)
OLD_CLOUD = Rule(
    "ext-loadimpact",
    "warning",
    "ext.loadimpact is deprecated, and ignored as a whole if options.cloud exists.",
    "Move its content to options.cloud.",
)
PERCENT = Rule(
    "load-zones-not-100",
    "error",
    "The service refuses a distribution whose percentages do not add up to 100.",
    "Correct the percentages.",
)
NO_ZONE = Rule(
    "unknown-load-zone",
    "error",
    "The service refuses a load zone that does not exist.",
    "Take a k6_load_zone_id from list_load_zones.",
)


def no_thresholds(subject: Subject) -> Iterable[Finding]:
    """Report a run that cannot fail."""
    if subject.option("thresholds") in (None, {}):
        yield NO_THRESHOLDS.at(subject.line() or 1, "The script has no thresholds.")


def unwatched_checks(subject: Subject) -> Iterable[Finding]:
    """Report checks without a threshold on them."""
    has_checks = any(call.name == "check" or call.name.endswith(".check") for call in subject.calls)
    names = _thresholds(subject)
    if has_checks and names and not any(_metric_of(name) == "checks" for name in names):
        yield UNWATCHED_CHECKS.at(subject.line("thresholds"), "There are checks, but no threshold on them.")


def thresholds_without_samples(subject: Subject) -> Iterable[Finding]:
    """Report thresholds on metrics and scenarios that do not exist."""
    defined = _defined_metrics(subject)
    for name in _thresholds(subject):
        line, metric = subject.line("thresholds", name), _metric_of(name)
        if defined is not None and metric not in defined and not _BUILT_IN.fullmatch(metric):
            yield UNDEFINED_METRIC.at(line, f"The threshold {name!r} is on a metric that is not defined.")
        if _names_unknown_scenario(subject, name):
            yield UNKNOWN_SCENARIO.at(line, f"The threshold {name!r} names a scenario that does not exist.")


def _names_unknown_scenario(subject: Subject, threshold: str) -> bool:
    found = _SCENARIO.search(threshold)
    if found is None or not subject.scenarios or not subject.scenarios_are_known:
        return False
    return found[1].strip() not in subject.scenarios


def _thresholds(subject: Subject) -> list[str]:
    return [name for name in subject.section("thresholds") if name != MORE]


def _metric_of(threshold: str) -> str:
    return threshold.split("{")[0].strip()


def _defined_metrics(subject: Subject) -> set[str] | None:
    """The names of custom metrics; None if one is computed or a file is missing."""
    names: set[str] = set()
    for call in subject.calls:
        if call.last_name in _METRICS and call.node.type == "new_expression":
            name = call.literal(0)
            if name is None:
                return None
            names.add(name)
    return names if subject.is_whole else None


def unreachable_functions(subject: Subject) -> Iterable[Finding]:
    """Report scenarios whose function does not exist."""
    exports = subject.entry.exports
    if exports is None or subject.options is UNKNOWN or subject.option("scenarios") is UNKNOWN:
        return
    owners = {known(setting, "exec"): one for one, setting in reversed(subject.scenarios.items())}
    for name in sorted(subject.entries - exports):
        line = subject.line("scenarios", owners[name], "exec") if name in owners else subject.line() or 1
        what = "default function" if name == DEFAULT else f"function {name!r} for exec"
        yield UNREACHABLE.at(line, f"The script exports no {what}.")


def unexported_options(subject: Subject) -> Iterable[Finding]:
    """Report options that are declared and not exported."""
    if subject.literal.unexported is not None:
        yield UNEXPORTED.at(subject.literal.unexported, "The options are not exported.")


def unknown_options(subject: Subject) -> Iterable[Finding]:
    """Report names that neither k6 nor the service knows."""
    for name in subject.written(()):
        if not is_known_option(name):
            yield _unknown(subject, (), name, OPTIONS)
    for path in (("cloud",), ("ext", "loadimpact")):
        for name in subject.written(path):
            if name not in CLOUD_OPTIONS:
                yield _unknown(subject, path, name, CLOUD_OPTIONS)


def _unknown(subject: Subject, path: tuple[str, ...], name: str, names: tuple[str, ...]) -> Finding:
    likely = meant(name, names)
    shown = ".".join(("options", *path, name[:60]))
    fix = f"Did you mean {likely}?" if likely is not None else None
    return UNKNOWN_OPTION.at(subject.line(*path, name), f"There is no option {shown!r}.", fix)


def cloud_settings(subject: Subject) -> Iterable[Finding]:
    """Report what should not be in the options for the cloud."""
    for path in (("cloud", "token"), ("ext", "loadimpact", "token")):
        values = (known(options, *path) for options in (subject.literal.value, subject.options))
        if any(isinstance(value, str) and value for value in values):
            yield CLOUD_TOKEN.at(subject.line(*path), f"options.{'.'.join(path)} contains an API token.")
    if subject.option("ext", "loadimpact") not in (None, UNKNOWN):
        yield OLD_CLOUD.at(subject.line("ext", "loadimpact"), "options.ext.loadimpact is used.")


def load_zone_shares(subject: Subject) -> Iterable[Finding]:
    """Report a distribution whose shares are not 100 per cent together."""
    for path in (("cloud", "distribution"), ("ext", "loadimpact", "distribution")):
        distribution = subject.section(*path)
        shares: list[Any] = [known(part, "percent") for part in distribution.values()]
        are_known = shares and all(isinstance(share, int | float) for share in shares)
        if are_known and abs(sum(shares) - 100) > 0.05:
            yield PERCENT.at(subject.line(*path), f"The load zones add up to {sum(shares):g} per cent.")


def load_zones(subject: Subject) -> dict[str, int | None]:
    """The load zones that the options name, with their lines."""
    return {
        zone: subject.line(*path, name, "loadZone")
        for path in (("cloud", "distribution"), ("ext", "loadimpact", "distribution"))
        for name, part in subject.section(*path).items()
        if isinstance(zone := known(part, "loadZone"), str)
    }


def unknown_zone(zone: str, line: int | None) -> Finding:
    """Report a load zone that does not exist."""
    return NO_ZONE.at(line, f"There is no load zone {zone[:100]!r}.")


CHECKS: list[Check] = [
    no_thresholds,
    unwatched_checks,
    thresholds_without_samples,
    unexported_options,
    unknown_options,
    unreachable_functions,
    cloud_settings,
    load_zone_shares,
    unchecked_responses,
    *LOAD_CHECKS,
]
