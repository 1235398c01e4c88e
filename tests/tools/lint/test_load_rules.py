"""Options that k6 ignores or refuses, pacing, and browsers."""

import pytest

from k6_cloud_mcp_tools.lint.load_rules import LOAD_CHECKS
from k6_cloud_mcp_tools.lint.source_file import SourceFile
from k6_cloud_mcp_tools.lint.subject import Subject

VU = "export default function () { work(); }"
SCENARIO = "scenarios: { a: { executor: 'shared-iterations' } }"


def found(options: str, code: str = VU, before: str = "") -> list[tuple[str, int | None]]:
    file = SourceFile(f"{before}\nexport const options = {options};\n{code}")
    subject = Subject(file, {"": file}, file.options.value)
    return [(one.rule, one.line) for check in LOAD_CHECKS for one in check(subject)]


@pytest.mark.parametrize(
    "options",
    [
        "{ vus: 5 }",
        "{ stages: [] }",
        "{ scenarios: {} }",
        f"{{ vus: 5, {SCENARIO} }}",
        f"{{ vus: 1, {SCENARIO} }}",
    ],
)
def test_options_that_k6_ignores_are_reported(options: str):
    assert found(options) == [("option-ignored", 2)]


@pytest.mark.parametrize(
    "options",
    [
        "{}",
        "{ vus: 1 }",
        "{ vus: 5, iterations: 5 }",
        f"{{ {SCENARIO} }}",
        "{ vus: 5, iterations: 5, stages: [] }",
        "{ vus: VUS }",
        "{ vus: 5, ...base }",
        "build()",
    ],
)
def test_options_that_k6_uses_or_that_are_computed_are_not(options: str):
    assert found(options) == []


@pytest.mark.parametrize(
    "options",
    [
        f"{{ duration: '5s', {SCENARIO} }}",
        f"{{ iterations: 5, {SCENARIO} }}",
        f"{{ stages: [{{ target: 1, duration: '5s' }}], {SCENARIO} }}",
        "{ duration: '5s', stages: [{ target: 1, duration: '5s' }] }",
    ],
)
def test_options_that_exclude_each_other_are_reported(options: str):
    assert ("conflicting-options", 2) in found(options)


def test_a_file_without_a_function_for_vus_is_not_asked_to_pause():
    options = "{ vus: 2, duration: '3s' }"
    assert found(options) == [("no-pacing", 3)]
    assert found(options, code="") == []
    assert found(options, code="function run() {}") == []
    assert found(options, code="export { default } from './main.js';", before="import './main.js'") == []


BROWSER = "import { browser } from 'k6/browser';"
CHROMIUM = "options: { browser: { type: 'chromium' } }"


def test_a_browser_needs_its_type_in_a_scenario():
    assert found("{ iterations: 1 }", before=BROWSER) == [("browser-without-type", 1)]
    assert found(f"{{ {SCENARIO} }}", before=BROWSER) == [("browser-without-type", 1)]
    assert found("{ scenarios: plans() }", before=BROWSER) == []
    assert found("{ scenarios: { a: plan } }", before=BROWSER) == []
    typed = f"{{ scenarios: {{ a: {{ executor: 'shared-iterations', {CHROMIUM} }} }} }}"
    assert found(typed, before=BROWSER) == []
    assert found("{ iterations: 1 }", before="import { Page } from 'k6/browser-utils';") == []


def test_of_several_scenarios_only_the_one_that_uses_the_browser_needs_its_type():
    options = f"""{{ scenarios: {{
      ui: {{ executor: 'shared-iterations', exec: 'ui', {CHROMIUM} }},
      api: {{ executor: 'shared-iterations', exec: 'api' }},
      more: {{ executor: 'shared-iterations', exec: 'ui' }},
    }} }}"""
    code = "export async function ui() { await browser.newPage(); }\nexport function api() {}"
    assert found(options, code, BROWSER) == [("browser-without-type", 5)]
