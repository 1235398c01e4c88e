import pytest

from k6_cloud_mcp_tools.lint.code_rules import CHECKS
from k6_cloud_mcp_tools.lint.outline import Outline


def found(source: str) -> list[str]:
    outline = Outline(source)
    return [one.rule for check in CHECKS for one in check(outline, {"default"})]


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
    "source",
    [
        "http.get(" * 3_000 + ")" * 3_000,
        "http.batch([http.get(" * 3_000,
        "export {" * 3_000 + "}" * 3_000,
        "export const options = " + "{a:" * 3_000,
        "export default function () {" + "console.log(" * 3_000,
    ],
)
@pytest.mark.timeout(40)
def test_odd_sources_neither_take_long_nor_fail(source: str):
    assert isinstance(found(source), list)
    assert Outline(source).options
