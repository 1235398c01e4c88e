"""Known traps in the options of a script."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from k6_cloud_mcp_tools.lint.findings import DEFAULT, Finding, Rule, Subject
from k6_cloud_mcp_tools.lint.outline import UNKNOWN, Outline, known

Check = Callable[[Subject], Iterable[Finding]]

_BUILT_IN = re.compile(
    r"(checks|data_(received|sent)|dropped_iterations|group_duration|iterations|iteration_duration|vus|vus_max"
    r"|http_reqs|http_req_(blocked|connecting|duration|failed|receiving|sending|tls_handshaking|waiting)"
    r"|(ws|grpc|browser|websocket)_\w+)"
)
_VU_EXECUTORS = frozenset({"constant-vus", "ramping-vus"})
_RATE_EXECUTORS = frozenset({"constant-arrival-rate", "ramping-arrival-rate"})
# Whoever drives a browser or holds a socket is paced by it.
_PACED_MODULES = ("k6/browser", "k6/ws", "k6/websockets", "k6/experimental/websockets")
_PAUSES = ("sleep", "k6.sleep", "setTimeout", "waitForTimeout")
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
    "A threshold that gets no samples passes.",
    "Name a scenario of options.scenarios in {scenario:…}.",
)
NO_PAUSE = Rule(
    "no-pacing",
    "warning",
    "VUs that loop without a pause send as fast as the target answers: the load is no plan but an outcome.",
    "sleep() between steps, or use an arrival-rate executor for a fixed rate.",
)
SLEEPING_RATE = Rule(
    "sleep-in-arrival-rate",
    "hint",
    "An arrival-rate executor paces iterations itself; sleep only holds VUs back, and maxVUs is what is billed.",
    "Leave sleep out, or keep it on purpose as think time between the steps of a journey.",
)
UNREACHABLE = Rule(
    "exec-not-exported",
    "error",
    "k6 refuses to run a scenario whose function is not exported.",
    "Export a function of that name, or correct exec.",
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
    "ext.loadimpact is deprecated, and ignored as a whole where options.cloud exists.",
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
    """A verdict that nothing can fail."""
    if known(subject.options, "thresholds") in (None, {}):
        yield NO_THRESHOLDS.at(subject.line() or 1, "The script has no thresholds.")


def unwatched_checks(subject: Subject) -> Iterable[Finding]:
    """Checks whose outcome no threshold looks at."""
    lines = list(subject.calls("check", "k6.check"))
    names = _thresholds(subject)
    if lines and names and not any(_metric_of(name) == "checks" for name in names):
        yield UNWATCHED_CHECKS.at(subject.line("thresholds"), "There are checks, but no threshold on them.")


def thresholds_without_samples(subject: Subject) -> Iterable[Finding]:
    """Thresholds on metrics and scenarios that are not there."""
    defined = _defined_metrics(subject.files.values())
    for name in _thresholds(subject):
        line, metric = subject.line("thresholds", name), _metric_of(name)
        if defined is not None and metric not in defined and not _BUILT_IN.fullmatch(metric):
            yield UNDEFINED_METRIC.at(line, f"The threshold {name!r} is on a metric that is not defined.")
        scenario = re.search(r"[{,]\s*scenario:([^,}]+)", name)
        if scenario and subject.scenarios and scenario[1].strip() not in subject.scenarios:
            yield UNKNOWN_SCENARIO.at(line, f"The threshold {name!r} names a scenario that does not exist.")


def _thresholds(subject: Subject) -> list[str]:
    found = known(subject.options, "thresholds")
    return [name for name in found if name != "..."] if isinstance(found, Mapping) else []  # pyright: ignore[reportUnknownVariableType]


def _metric_of(threshold: str) -> str:
    return threshold.split("{")[0].strip()


def _defined_metrics(files: Iterable[Outline]) -> set[str] | None:
    """The names of custom metrics; None where one is computed."""
    names: set[str] = set()
    for file in files:
        for call in file.calls:
            if call.name.split(".")[-1] not in _METRICS:
                continue
            first = next(iter(file.arguments(call)), ())
            if len(first) != 1 or first[0].kind not in ("string", "template"):
                return None
            names.add(first[0].text)
    return names


def pacing(subject: Subject) -> Iterable[Finding]:
    """VUs that loop without a pause, and pauses where the executor sets the pace."""
    pauses = [
        call.line
        for file in subject.files.values()
        for call in file.calls
        if call.name in _PAUSES or call.name.endswith(".waitForTimeout")
    ]
    if subject.executors and subject.executors <= _RATE_EXECUTORS:
        for line in subject.calls("sleep", "k6.sleep"):
            yield SLEEPING_RATE.at(line, "sleep() in a script that has arrival-rate scenarios only.")
    if _loops(subject) and not pauses and not _is_paced(subject):
        bodies = subject.entry.bodies(subject.entries)
        line = subject.entry.at(bodies[0][0]).line if bodies else subject.line()
        yield NO_PAUSE.at(line, "VUs run this function over and over without a pause.")


def _loops(subject: Subject) -> bool:
    if subject.executors:
        return bool(subject.executors & _VU_EXECUTORS)
    options = subject.options
    if known(options, "iterations") is not None or known(options, "scenarios") is not None:
        return False
    return any(known(options, name) not in (None, UNKNOWN) for name in ("duration", "stages"))


def _is_paced(subject: Subject) -> bool:
    modules = {name for file in subject.files.values() for name, _ in file.imports}
    has_interval = known(subject.options, "minIterationDuration") is not None
    return has_interval or any(name.startswith(_PACED_MODULES) for name in modules)


def unreachable_functions(subject: Subject) -> Iterable[Finding]:
    """Scenarios whose function is not there."""
    exports = subject.entry.exports
    if exports is None or subject.options is UNKNOWN or known(subject.options, "scenarios") is UNKNOWN:
        return
    for name in sorted(subject.entries - exports):
        owners = [one for one, setting in subject.scenarios.items() if known(setting, "exec") == name]
        line = subject.line("scenarios", owners[0], "exec") if owners else subject.line() or 1
        what = "default function" if name == DEFAULT else f"function {name!r} for exec"
        yield UNREACHABLE.at(line, f"The script exports no {what}.")


def cloud_settings(subject: Subject) -> Iterable[Finding]:
    """What stands in options.cloud, and what should not."""
    for path in (("cloud", "token"), ("ext", "loadimpact", "token")):
        values = (known(options, *path) for options in (subject.literal.value, subject.options))
        if any(isinstance(value, str) and value for value in values):
            yield CLOUD_TOKEN.at(subject.line(*path), f"An API token stands in options.{'.'.join(path)}.")
    if known(subject.options, "ext", "loadimpact") not in (None, UNKNOWN):
        yield OLD_CLOUD.at(subject.line("ext", "loadimpact"), "options.ext.loadimpact is used.")


def load_zones(subject: Subject) -> Iterable[Finding]:
    """A distribution that the service would refuse."""
    found = known(subject.options, "cloud", "distribution")
    distribution = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if not distribution or "..." in distribution:
        return
    shares = [known(part, "percent") for part in distribution.values()]
    if all(isinstance(share, int | float) for share in shares) and abs(sum(shares) - 100) > 0.01:
        yield PERCENT.at(
            subject.line("cloud", "distribution"), f"The load zones add up to {sum(shares):g} per cent."
        )
    for name, part in distribution.items():
        zone = known(part, "loadZone")
        if subject.zones is not None and isinstance(zone, str) and zone not in subject.zones:
            yield NO_ZONE.at(
                subject.line("cloud", "distribution", name, "loadZone"), f"There is no load zone {zone!r}."
            )


CHECKS: list[Check] = [
    no_thresholds,
    unwatched_checks,
    thresholds_without_samples,
    pacing,
    unreachable_functions,
    cloud_settings,
    load_zones,
]
