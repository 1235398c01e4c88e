import pytest

from k6_cloud_mcp_tools.lint.outline import UNKNOWN, Outline, known


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("export default function () {}", {"default"}),
        ("export default () => {};", {"default"}),
        ("export const a = 1; export async function b() {} export function* c() {}", {"a", "b", "c"}),
        ("const a = 1, b = 2; export { a, b as c };", {"a", "c"}),
        ("// export function a() {}", set[str]()),
        ("export * from './x.js';", None),
        ("export const { a } = all;", None),
        ("module.exports = {};", None),
        ("exports.default = () => {};", None),
    ],
)
def test_exports_are_known_or_said_to_be_unknown(source: str, names: set[str] | None):
    assert Outline(source).exports == names


def test_imports_are_the_modules_and_nothing_else():
    source = "import a from 'k6';\nimport 'b';\nexport * from 'c';\nconst d = require('d');\nf('e');"
    assert Outline(source).imports == [("k6", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_literal_options_are_read_with_their_lines():
    options = Outline(
        "export const options = {\n  vus: 1_0,\n  'a b': [true, 'x'],\n  b: { c: f() },\n  d,\n  e: -1,\n};"
    ).options
    assert known(options.value, "vus") == 10
    assert known(options.value, "a b") == [True, "x"]
    assert known(options.value, "b", "c") is UNKNOWN
    assert known(options.value, "d") is UNKNOWN
    assert known(options.value, "nothing") is None
    assert (options.line("b", "c"), options.line("b", "x"), options.line("x")) == (4, 4, 1)


def test_what_is_spread_in_may_be_anything():
    assert (
        known(Outline("export const options = { ...base, vus: 1 };").options.value, "thresholds") is UNKNOWN
    )


def test_options_in_typescript_are_read():
    assert Outline("export const options: Options = { vus: 2 };").options.value == {"vus": 2}


@pytest.mark.parametrize("source", ["export let options = build();", "export { options } from './o.js';"])
def test_options_that_are_made_elsewhere_are_unknown(source: str):
    assert Outline(source).options.value is UNKNOWN


def test_a_script_without_options_has_none():
    assert Outline("export default function () {}").options.value == {}


def test_calls_have_their_whole_name_and_their_arguments():
    outline = Outline("http.get(`a${b(1, 2)}`, { c: [1, 2] });\nfunction d() {}\nnew Trend('x');")
    assert [(call.name, call.line) for call in outline.calls] == [("http.get", 1), ("b", 1), ("Trend", 3)]
    assert [len(outline.arguments(call)) for call in outline.calls] == [2, 2, 1]
