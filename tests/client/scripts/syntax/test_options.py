"""Options are read from the tree if they are literal, and the reason is given if they are not."""

import json
from typing import Any

import pytest

from k6_cloud.scripts.syntax.options import Options, options_of
from k6_cloud.scripts.syntax.tree import parse
from k6_cloud.scripts.syntax.values import MORE, UNKNOWN

VU = "export default function () {}\n"


def options(source: str, name: str | None = None) -> Options:
    return options_of(parse(source, name))


LITERAL: list[tuple[str, dict[str, Any]]] = [
    ("export const options = { vus: 5, duration: '30s' };", {"vus": 5, "duration": "30s"}),
    ("export let options = { vus: -1, x: +2, y: 1_000, z: 0x10, w: 1.5, e: 2e3 };",
     {"vus": -1, "x": 2, "y": 1000, "z": 16, "w": 1.5, "e": 2000}),
    ("const options = { vus: 1 }; export { options };", {"vus": 1}),
    ("export { options }; const options = { vus: 1 };", {"vus": 1}),
    ("const config = { vus: 3 }; export { config as options };", {"vus": 3}),
    ("module.exports.options = { vus: 4 };", {"vus": 4}),
    ("exports.options = { vus: 4 };", {"vus": 4}),
    ("module.exports = { options: { vus: 6 }, default: function () {} };", {"vus": 6}),
    ("const options = { vus: 7 }; module.exports = { options };", {"vus": 7}),
    ("const VUS = 5; const time = `30s`; export const options = { vus: VUS, duration: time };",
     {"vus": 5, "duration": "30s"}),
    ("const S = 3; export const options = { duration: `${S}m${30}s`, x: S + 's' };",
     {"duration": "3m30s", "x": "3s"}),
    ("export const options = { vus: 5 * 2 + 4 / 2, n: 7 / 2 };", {"vus": 12, "n": 3.5}),
    ("const base = { vus: 1, tags: { a: '1' } }; export const options = { ...base, vus: 2 };",
     {"vus": 2, "tags": {"a": "1"}}),
    ("const s = [{ target: 1 }]; export const options = { stages: [...s, { target: 2 }] };",
     {"stages": [{"target": 1}, {"target": 2}]}),
    ("const c = { load: { vus: 9 } }; export const options = { vus: c.load.vus, n: c['load'].vus };",
     {"vus": 9, "n": 9}),
    ("const vus = 2; export const options = { vus, 'a b': true, none: null, gone: undefined, 5: 1 };",
     {"vus": 2, "a b": True, "none": None, "5": 1}),
    (r"export const options = { t: 'a\n\x41\u{1F600}\u0042\'', l: 'x\
y' };", {"t": "a\nA\U0001f600B'", "l": "xy"}),
    ("export const options = { vus: 1, vus: 2 };", {"vus": 2}),
    ("export const options = ({ /* one */ vus: (1), // two\n });", {"vus": 1}),
    ("const K = 'rate'; export const options = { [K]: 1, thresholds: { ['a']: [] } };",
     {"rate": 1, "thresholds": {"a": []}}),
    ("export const options = { vus: 1 }; export default function () { log(options); }", {"vus": 1}),
    ("export const options = { vus: 1 }; const twice = options.vus * 2; if (options.vus) console.log(options);",
     {"vus": 1}),
    ("let vus = 3; export const options = { vus };", {"vus": 3}),
    ("export const options = { vus: 1 }; const o = options; const n = o.vus + 1;", {"vus": 1}),
    ("const a = { n: 1 }; const b = a; export const options = { b, c: [a], ...{ d: b } };",
     {"b": {"n": 1}, "c": [{"n": 1}], "d": {"n": 1}}),
    ("export const options = { vus: 2 }; const { vus } = options; function f() { const n = vus; log(n + 1) }",
     {"vus": 2}),
    ("export const options = { s: [1] }; for (const s of options.s) console.log(s);", {"s": [1]}),
    ("export default function () {}", {}),
    ("import http from 'k6/http'; const options = { vus: 100 };" + VU, {}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), LITERAL)
def test_literal_options_are_read_as_k6_reads_them(source: str, expected: object) -> None:
    found = options(source)
    assert found.literal == expected, found.uncertain
    assert found.uncertain == ()


def test_typescript_around_the_options_changes_nothing() -> None:
    source = """
        import { Options } from 'k6/options';
        export const options: Options = { vus: <number>2, tags: { a: 'b' } as const, n: 1! } satisfies Options;
    """
    assert options(source, "a.ts").literal == {"vus": 2, "tags": {"a": "b"}, "n": 1}


UNCERTAIN = [
    ("export const options = { vus: __ENV.VUS || 5 };", "__ENV"),
    ("const n = Number(__ENV.VUS); export const options = { vus: n };", "__ENV"),
    ("const env = __ENV; const { VUS } = env; export const options = { vus: VUS };", "__ENV"),
    ("function load() { return __ENV.BIG ? 50 : 1 } export const options = { vus: load() };", "__ENV"),
    ("const f = () => Date.now() % 2; export const options = { vus: f() };", "Date"),
    ("export const options = { vus: new Date().getDay() };", "Date"),
    ("export const options = { vus: Math.ceil(Math.random() * 9) };", "Math.random()"),
    ("export const options = JSON.parse(open('./o.json'));", "a call of open()"),
    ("export const options = { stages: stages() };", "a call of stages()"),
    ("import { stages } from './s.js'; export const options = { stages };", "the import './s.js'"),
    ("export { options } from './o.js';", "another module"),
    ("export * from './o.js';", "exports that only running it would tell"),
    ("import { options } from './o.js'; export { options };", "the import './o.js'"),
    ("export const options = {};\noptions.vus = 50;", "a possible change in line 2"),
    ("export let options = { vus: 1 };\noptions = { vus: 50 };", "a possible change in line 2"),
    ("export const options = { stages: [] };\noptions.stages.push({ target: 9 });", "a possible change in line 2"),
    ("export const options = { s: { a: 1 } };\nconst o = options.s; o.a = 2;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nObject.assign(options, { vus: 9 });", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nfunction f(o) { o.vus = 9 }\nf(options);", "a possible change in line 3"),
    ("export const options = { vus: 1 };\ndelete options.vus;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\n(options).vus++;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\n[options.vus] = [3];", "a possible change in line 2"),
    ("const a = { vus: 1 }; export { a as options };\na.vus = 3;", "a possible change in line 2"),
    ("let vus = 1; vus = 50; export const options = { vus };", "vus, which may change in line 1"),
    ("const inner = { vus: 1 }; inner.vus = 9; export const options = { ...inner };",
     "inner, which may change in line 1"),
    ("export const options = { vus: 1 };\nconst o = options; o.vus = 50;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nconst f = () => options; f().vus = 50;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nfunction f() { return options }", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nconst box = { options }; box.options.vus = 9;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nconst box = [options]; box[0].vus = 9;", "a possible change in line 2"),
    ("export const options = { s: {} };\nconst c = { ...options }; c.s.vus = 9;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\n(options || {}).vus = 9;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\n(x ? options : options).vus = 9;", "a possible change in line 2"),
    ("export const options = { s: {} };\nconst { s } = options; s.vus = 9;", "a possible change in line 2"),
    ("export const options = { s: [{}] };\nfor (const s of options.s) s.vus = 9;", "a possible change in line 2"),
    ("export const options = { s: [{}] };\noptions.s.forEach((s) => { s.vus = 9 });", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nlet o; o = options; o.vus = 9;", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nfunction sleep(o) { o.vus = 9 } sleep(options);", "a possible change in line 2"),
    ("export const options = { vus: 1 };\nJSON.stringify = (o) => { o.vus = 9 }; JSON.stringify(options);", None),
    ("const a = { n: 1 }; const b = a; b.n = 9; export const options = { a };", None),
    ("export var options = { vus: 1 };\nvar options = { vus: 50 };", None),
    ("export const options = { vus: N }; var N = 5;", None),
    ("export const options = { get vus() { return 50 } };", None),
    ("export const options = { vus: 1, toJSON() { return { vus: 50 } } };", None),
    ("export const options = { __proto__: { vus: 50 } };", None),
    ("Object.prototype.toJSON = function () { return {} }; export const options = { vus: 1 };", None),
    ("Object.prototype['toJ' + 'SON'] = 1; export const options = { vus: 1 };", None),
    ("export const options = { vus: 010 };", None),
    ("export const options = { vus: 5n, r: /a/ };", None),
    ("export const options = { vus: a ? 1 : 2 };", None),
    ("export const options = { vus: 1, ", "a syntax error"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), UNCERTAIN)
def test_options_that_running_might_change_are_not_literal(source: str, reason: str | None) -> None:
    found = options(source)
    assert found.literal is None
    assert found.uncertain
    if reason is not None:
        assert reason in found.uncertain


def test_options_that_are_declared_but_not_exported_are_reported_by_line() -> None:
    found = options("import http from 'k6/http';\nconst options = { vus: 100 };\n" + VU)
    assert (found.literal, found.unexported) == ({}, 2)
    assert options("export const options = {};").unexported is None


def test_a_known_part_of_computed_options_stays_known() -> None:
    found = options("export const options = { vus: f(),\n thresholds: { checks: ['rate>0.9'] }, ...more };")
    assert found.value == {"vus": UNKNOWN, "thresholds": UNKNOWN, MORE: UNKNOWN}
    found = options("export const options = { ...more, vus: f(),\n thresholds: { checks: ['rate>0.9'] } };")
    assert found.value == {MORE: UNKNOWN, "vus": UNKNOWN, "thresholds": {"checks": ["rate>0.9"]}}
    assert found.line("thresholds", "checks") == 2
    assert found.line("scenarios", "x") == 1


HOSTILE = {
    "deep objects": "export const options = " + "{a:" * 3000 + "1" + "}" * 3000,
    "deep arrays": "export const options = " + "[" * 20_000 + "]" * 20_000,
    "deep parentheses": "export const options = " + "(" * 20_000 + "1" + ")" * 20_000,
    "a long sum": "export const options = { vus: " + "1+" * 20_000 + "1 }",
    "a long chain": "export const options = { vus: a" + ".a" * 20_000 + " }",
    "doubling": "const a0 = [1,1];"
    + "".join(f"const a{n} = [...a{n - 1},...a{n - 1}];" for n in range(1, 40))
    + "export const options = { stages: a39 };",
    "doubling text": "const a0 = 'xx';"
    + "".join(f"const a{n} = a{n - 1} + a{n - 1};" for n in range(1, 40))
    + "export const options = { stages: a39 };",
    "doubling templates": "const a0 = 'xx';"
    + "".join(f"const a{n} = `${{a{n - 1}}}${{a{n - 1}}}`;" for n in range(1, 31))
    + "export const options = { stages: a30 };",
    "a long text many times": f"const s = '{'x' * 60_000}'; export const options = {{ a: ["
    + "s," * 15_000
    + "] };",
    "a long text many times in one": f"const s = '{'x' * 60_000}'; export const options = {{ a: `"
    + "${s}" * 15_000
    + "` };",
    "a circle": "const a = { b }; const b = { a }; export const options = { a };",
    "itself": "export const options = { a: options };",
    "many unknowns": "function f() {"
    + "g();" * 5000
    + "} export const options = {"
    + "a: f()," * 5000
    + "};",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_options_are_answered_as_not_literal(name: str) -> None:
    found = options(HOSTILE[name])
    assert found.literal is None
    assert len(found.uncertain) < 30


def test_literal_options_can_be_written_as_json() -> None:
    found = options(r"export const options = { a: '\ud800x', b: '\ud83d\ude00' };")
    assert json.loads(json.dumps(found.literal)) == {"a": "\ufffdx", "b": "\U0001f600"}
