import pytest

from k6_cloud_mcp_tools.lint.code_rules import CHECKS, REPEATED_CHECKS, certain_throws
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.source_file import SourceFile


def found(source: str) -> list[str]:
    file = SourceFile(source)
    scopes = Scopes(file, file.functions({"default"}))
    return [one.rule for check in CHECKS + REPEATED_CHECKS for one in check(file, scopes)]


@pytest.mark.parametrize(
    "url",
    ["`${B}/p/${id}`", "B + '/p/' + id", "`https://a.test/p/${id}`", "'/p/' + item.id", "`${B}/p/${f(1)}`"],
)
def test_a_url_that_changes_needs_a_name(url: str):
    assert found(f"http.get({url})") == ["url-without-name"]
    assert found(f"http.get({url}, {{ tags: {{ name: 'p' }} }})") == []
    assert found(f"http.post({url}, body)") == ["url-without-name"]
    assert found(f"http.post({url}, body, {{ ...params }})") == []
    assert found(f"http.request('GET', {url}, null, {{ headers }})") == ["url-without-name"]


@pytest.mark.parametrize(
    "url",
    ["url", "B", "`${B}/p`", "`${B}/${VERSION}/p`", "B + '/p'", "base() + '/p'", "http.url`${B}/p/${id}`"],
)
def test_a_url_that_stays_needs_none(url: str):
    assert found(f"http.get({url})") == []


def in_vu(code: str) -> list[str]:
    return found(f"export default function () {{\n{code}\n}}")


@pytest.mark.parametrize("code", ["console.log(1);", "for (const a of b) { console.log(a); }"])
def test_what_every_iteration_logs_is_told(code: str):
    assert in_vu(code) == ["console-in-loop"]


@pytest.mark.parametrize(
    "code",
    [
        "if (a) console.log(1);",
        "if (a) { for (;;) { console.log(1); } }",
        "try { f(); } catch (e) { console.log(e); }",
        "a || console.log(1);",
        "list.forEach((a) => { console.log(a); });",
        "console.error(1);",
    ],
)
def test_what_is_logged_now_and_then_is_not(code: str):
    assert in_vu(code) == []


def test_what_setup_does_is_not_what_vus_do():
    assert found("export function setup() { console.log(1); } const a = open('a'); new Trend('b');") == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("export function setup() {\n  throw new Error('not yet');\n}", 2),
        ("export function setup() {\n  const a = 1;\n  {\n    throw a;\n  }\n}", 4),
        ("export const setup = () => {\n  check(r, { ok: (r) => { return r.ok; } });\n  throw 1;\n};", 3),
        ("import { fail } from 'k6';\nexport function setup() {\n  fail('no');\n}", 3),
        ("import exec from 'k6/execution';\nexport function setup() {\n  exec.test.abort();\n}", 3),
        ("export default function () {\n  throw new Error('todo');\n}", 2),
        ("function run() {\n  throw 1;\n}\nexport { run as default };", 2),
        ("export async function teardown() {\n  throw 1;\n}", 2),
    ],
)
def test_a_function_that_always_throws_is_reported(source: str, line: int):
    file = SourceFile(source)
    scopes = Scopes(file, file.functions({"default"}))
    assert [(one.rule, one.line) for one in certain_throws(file, scopes)] == [("always-throws", line)]


@pytest.mark.parametrize(
    "body",
    [
        "if (!ok) throw new Error('no');",
        "if (ok) return 1; throw new Error('no');",
        "if (!ok) { fail('no'); }",
        "try { throw 1; } catch (e) { }",
        "for (const a of b) { if (a) return a; } throw new Error('none');",
        "const f = () => { throw 1; };",
        "return 1;",
    ],
)
def test_a_throw_that_may_not_happen_is_fine(body: str):
    assert found(f"export function setup() {{ {body} }}") == []


def test_functions_are_recognised_however_they_are_exported():
    log = "console.log(1);"
    for source in (
        f"export default () => {{ {log} }}",
        f"const run = async function () {{ {log} }}; export default run;",
        f"function run() {{ {log} }} export {{ run as default }};",
        f"module.exports.default = function () {{ {log} }};",
        f"function run() {{ {log} }} module.exports = {{ default: run }};",
    ):
        assert found(source) == ["console-in-loop"], source


def test_calls_are_recognised_by_what_is_imported():
    body = "export default function () { web.batch([load(u)]); new metrics.Trend('a'); read('b'); }"
    imports = """import web, { get as load } from 'k6/http'; import * as metrics from 'k6/metrics';
    import { open as read } from 'k6/experimental/fs';"""
    assert found(imports + body) == ["requests-in-batch", "init-only-call", "init-only-call"]


@pytest.mark.parametrize(
    "source",
    [
        "http.get(" * 3_000 + ")" * 3_000,
        "http.batch([http.get(" * 3_000,
        "export {" * 3_000 + "}" * 3_000,
        "export const options = " + "{a:" * 3_000,
        "export default function () {" + "console.log(" * 3_000,
    ],
)
def test_odd_sources_neither_take_long_nor_fail(source: str):
    assert isinstance(found(source), list)
