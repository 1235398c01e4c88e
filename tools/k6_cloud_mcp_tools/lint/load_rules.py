"""Rules on the load that a script's options describe: what k6 ignores, pacing, and browsers."""

from collections.abc import Callable, Iterable
from typing import Any

from k6_cloud.scripts.syntax.values import MORE, UNKNOWN, known
from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.subject import DEFAULT, RATE_EXECUTORS, VU_EXECUTORS, Subject, as_object

# Driving a browser and holding a socket set the pace.
_PACED_MODULES = ("k6/browser", "k6/ws", "k6/websockets", "k6/experimental/websockets")
_BROWSER_MODULES = frozenset({"k6/browser", "k6/experimental/browser"})
_PAUSES = ("sleep", "setTimeout", "waitForTimeout")
_SHORTCUTS = ("duration", "iterations", "stages")

IGNORED = Rule(
    "option-ignored",
    "warning",
    "The run has another load than the options seem to say.",
    "Set what you mean: vus with duration, iterations or stages; or scenarios alone.",
)
CONFLICT = Rule(
    "conflicting-options",
    "error",
    "k6 refuses to run the script.",
    "Use one of duration, iterations, stages and scenarios (duration and iterations may go together).",
)
NO_PAUSE = Rule(
    "no-pacing",
    "warning",
    "VUs that loop without a pause send as fast as the target answers: the target sets the load, not the test.",
    "sleep() between steps, or use an arrival-rate executor for a fixed rate.",
)
SLEEPING_RATE = Rule(
    "sleep-in-arrival-rate",
    "hint",
    "An arrival-rate executor paces iterations itself; sleep only occupies VUs, and maxVUs is what is billed.",
    "Leave sleep out, or keep it on purpose as think time between the steps of a journey.",
)
NO_BROWSER = Rule(
    "browser-without-type",
    "error",
    "Without the browser type k6 opens no browser: every iteration that uses it fails.",
    "Set options: { browser: { type: 'chromium' } } in the scenario. A browser VU costs tenfold.",
)


def ignored_options(subject: Subject) -> Iterable[Finding]:
    """Report options that k6 ignores or replaces, with or without a warning of its own."""
    # As written: k6's own reading of the options has scenarios that it made.
    options = as_object(subject.literal.value)
    if options is None or MORE in options:
        return
    if any(options.get(name) not in (None, [], {}) for name in _SHORTCUTS):
        return
    for name in ("stages", "scenarios"):
        if options.get(name) in ([], {}):
            yield IGNORED.at(subject.line(name), f"{name} is empty: one VU runs one iteration.")
    yield from _ignored_vus(options, subject.line("vus"))


def _ignored_vus(options: dict[str, Any], line: int | None) -> Iterable[Finding]:
    vus = options.get("vus")
    if options.get("scenarios") in (None, {}):
        if vus not in (None, 1, UNKNOWN):
            yield IGNORED.at(line, "vus alone: k6 1 ignores it, k6 2 runs one iteration per VU.")
    elif vus is not None:
        problem = "vus beside scenarios: k6 1 ignores it, k6 2 runs it in place of the scenarios."
        yield IGNORED.at(line, problem, "Remove vus, or set it in a scenario.")


def conflicting_options(subject: Subject) -> Iterable[Finding]:
    """Report ways to describe the load that exclude each other."""
    given = [name for name in _SHORTCUTS if subject.option(name) not in (None, UNKNOWN, [], {})]
    if subject.scenarios:
        given.append("scenarios")
    # k6's own reading of options has no scenarios beside a shortcut.
    if len(given) > 1 and given != ["duration", "iterations"]:
        yield CONFLICT.at(subject.line(given[0]), f"{' and '.join(given)} exclude each other.")


def pacing(subject: Subject) -> Iterable[Finding]:
    """Report VUs that loop without a pause, and pauses where the executor sets the pace."""
    if subject.executors and subject.executors <= RATE_EXECUTORS:
        for call in subject.calls:
            if call.name == "sleep":
                yield SLEEPING_RATE.at(call.line, "sleep() in a script that has arrival-rate scenarios only.")
    if _loops(subject) and not _is_paced(subject) and _has_entries(subject):
        functions = subject.entry.functions(subject.entries)
        line = subject.entry.tree.line(functions[0]) if functions else subject.line()
        yield NO_PAUSE.at(line, "VUs run this function over and over without a pause.")


def _loops(subject: Subject) -> bool:
    if subject.executors:
        return bool(subject.executors & VU_EXECUTORS)
    if subject.option("iterations") is not None or subject.option("scenarios") not in (None, {}):
        return False
    return any(subject.option(name) not in (None, UNKNOWN, []) for name in ("duration", "stages"))


def _is_paced(subject: Subject) -> bool:
    has_pause = any(call.last_name in _PAUSES for call in subject.calls)
    has_interval = subject.option("minIterationDuration") is not None
    holds = any(name.startswith(_PACED_MODULES) for name in subject.modules)
    return has_pause or has_interval or holds or not subject.is_whole


def _has_entries(subject: Subject) -> bool:
    """Whether there may be a function for VUs to run."""
    exports = subject.entry.exports
    return exports is None or bool(exports & subject.entries)


def browsers(subject: Subject) -> Iterable[Finding]:
    """Report the browser module in scenarios without a browser."""
    used = [use for use in subject.entry.imports if use.kind == "import" and use.name in _BROWSER_MODULES]
    if not used and not (_BROWSER_MODULES & subject.modules):
        return
    if subject.options is UNKNOWN or not subject.scenarios_are_known:
        return
    types = [known(scenario, "options", "browser", "type") for scenario in subject.scenarios.values()]
    if all(one is None for one in types):
        line = used[0].line if used else None
        yield NO_BROWSER.at(line, "k6/browser is imported, but no scenario sets options.browser.type.")
        return
    for name in _without_browser(subject):
        line = subject.line("scenarios", name)
        yield NO_BROWSER.at(line, f"Scenario {name[:60]!r} uses the browser without options.browser.type.")


def _without_browser(subject: Subject) -> Iterable[str]:
    """The scenarios without a browser type whose function uses the browser."""
    uses = subject.entry.bindings.references.get("browser", ())
    for name, scenario in subject.scenarios.items():
        if known(scenario, "options", "browser", "type") is not None:
            continue
        functions = subject.entry.functions({known(scenario, "exec") or DEFAULT})
        if any(one.start_byte <= use.start_byte < one.end_byte for one in functions for use in uses):
            yield name


LOAD_CHECKS: list[Callable[[Subject], Iterable[Finding]]] = [
    ignored_options,
    conflicting_options,
    pacing,
    browsers,
]
