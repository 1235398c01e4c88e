import pytest

from k6_cloud_mcp_tools.lint.option_rules import CHECKS
from k6_cloud_mcp_tools.lint.source_file import SourceFile
from k6_cloud_mcp_tools.lint.subject import Subject

BODY = "export default function () { check(1, {}); }"


def found(source: str) -> list[str]:
    file = SourceFile(source)
    subject = Subject(file, {"": file}, file.options.value)
    return [one.rule for check in CHECKS for one in check(subject)]


def test_a_bare_script_lacks_thresholds():
    assert found(BODY) == ["no-thresholds"]


@pytest.mark.parametrize(
    "options",
    [
        "build()",
        "{ ...base }",
        "{ thresholds: limits, scenarios: plans }",
        "{ thresholds, stages, cloud }",
        "{ thresholds: { ...limits, checks: ['rate>0.9'] }, scenarios: { a: plan } }",
        "{ thresholds: limits, cloud: { token, distribution: zones } }",
        "{ thresholds: limits, cloud: { distribution: { a: { loadZone: zone, percent: share } } } }",
    ],
)
def test_what_only_running_the_script_would_tell_is_not_judged(options: str):
    assert found(f"export const options = {options}; {BODY}") == []


@pytest.mark.parametrize(
    ("metric", "rules"),
    [
        ("http_req_duration{status:200}", []),
        ("browser_web_vital_lcp", []),
        ("mine", []),
        ("yours", ["threshold-on-undefined-metric"]),
    ],
)
def test_a_threshold_is_on_a_metric_that_there_is(metric: str, rules: list[str]):
    options = f"{{ iterations: 1, thresholds: {{ checks: [], '{metric}': ['count>0'] }} }}"
    assert found(f"const m = new Counter('mine'); export const options = {options}; {BODY}") == rules


def test_a_metric_with_a_computed_name_may_be_any():
    options = "{ iterations: 1, thresholds: { checks: [], yours: ['count>0'] } }"
    assert found(f"const m = new Counter(name); export const options = {options}; {BODY}") == []


@pytest.mark.parametrize(
    "pause", ["sleep(1)", "k6.sleep(1)", "await page.waitForTimeout(500)", "setTimeout(go, 500)"]
)
def test_whoever_pauses_is_paced(pause: str):
    options = "{ duration: '1m', thresholds: { checks: [] } }"
    assert found(f"export const options = {options}; {BODY} function go() {{ {pause}; }}") == []
    assert found(f"export const options = {options}; {BODY} // {pause}") == ["no-pacing"]


@pytest.mark.parametrize("module", ["k6/browser", "k6/ws", "k6/websockets"])
def test_a_browser_or_a_socket_sets_the_pace_itself(module: str):
    options = "{ stages: [], vus: 1, duration: '1m', thresholds: { checks: [] } }"
    rules = found(f"import x from '{module}'; export const options = {options}; {BODY}")
    assert rules == (["browser-without-type"] if module == "k6/browser" else [])
