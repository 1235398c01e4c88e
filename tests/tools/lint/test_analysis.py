"""Lint of whole scripts: ordinary ones have no findings, hostile ones are answered or refused within their limits."""

import pickle
from pathlib import Path

import pytest

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.syntax.tree import LARGEST
from k6_cloud_mcp_tools.lint.analysis import SourceText, lint
from k6_cloud_mcp_tools.lint.rules import RULES
from k6_runner.analysis.bounded import run_bounded

SCRIPTS = sorted(Path(__file__).with_name("scripts").iterdir())
DRAWN = "Xk29fj3LmQ81vTz0"
VU = "export default function () {"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_an_ordinary_script_has_no_findings(path: Path):
    assert lint([SourceText(None, path.read_bytes(), path.name)]).findings == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_language_of_an_ordinary_script_is_told_without_its_name(path: Path):
    report = lint([SourceText(None, path.read_bytes())])
    assert (report.kind, report.findings) == ("typescript" if path.suffix == ".ts" else "javascript", [])


def test_there_are_enough_ordinary_scripts_to_mean_something():
    assert len(SCRIPTS) >= 30


def test_findings_tell_the_file_that_they_are_in():
    sources = [
        SourceText(None, b"import { a } from './lib.js';\nexport default function () { a(); }"),
        SourceText("lib.js", f"export const password = '{DRAWN}';\nexport const a = () => 1;".encode()),
        SourceText("data.json", f'{{"token": "{DRAWN}"}}'.encode()),
        SourceText("huge.js", b"x" * (LARGEST + 1)),
    ]
    report = pickle.loads(pickle.dumps(lint(sources)))
    assert [(one.rule, one.path, one.line) for one in report.findings] == [
        ("no-thresholds", None, 1),
        ("hard-coded-secret", "lib.js", 1),
        ("hard-coded-secret", "data.json", 1),
        ("not-checked", "huge.js", None),
    ]


def test_functions_of_vus_in_other_files_are_checked_as_such():
    main = b"export { default } from './run.js';\nexport const options = { iterations: 9 };"
    run = b"export default function () { console.log(1); }\nexport function other() { console.log(2); }"
    report = lint([SourceText(None, main), SourceText("run.js", run)])
    assert [(one.path, one.line) for one in report.findings if one.rule == "console-in-loop"] == [
        ("run.js", 1)
    ]


def test_every_rule_has_its_own_name_and_says_what_to_do():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.why and rule.fix for rule in RULES)


HOSTILE = {
    "a line of hex": "const a = '" + "a1b2c3d4" * 7_500 + "';",
    "blanks after from": "// from" + " " * 50_000,
    "regular expressions": "/[" * 15_000,
    "functions": "function(" * 4_000,
    "deep options": "export const options = " + "{a:" * 3_000 + "1" + "}" * 3_000,
    "backquotes": "`" * 60_000,
    "substitutions": "`${" * 20_000,
    "generics": "f<" * 20_000,
    "elements": "<a>" * 20_000,
    "parentheses": "(" * 60_000,
    "nested calls": VU + "console.log(" * 20_000,
    "nested requests": VU + "http.get('/a'+" * 4_000 + ")" * 4_000 + "}",
    "nested batches": VU + "http.batch([http.get(" * 3_000,
    "many variables": VU + "let a=1;" * 6_000 + "http.get('/a'+a);" * 2_000 + "}",
    "chained variables": VU
    + "".join(f"let a{n}='x'+a{n - 1}+a{n - 1};" for n in range(1, 1_500))
    + "http.get('/'+a1499)}",
    "shared parameters": VU + "http.get('/a'+i,p);" * 3_000 + "const p={...p};}",
    "nested passwords": VU + "f({password:'abc123x',a:" * 2_000 + "1" + "})" * 2_000 + "}",
    "half tokens": "const a='" + "eyJ" * 20_000 + "'",
    "queries": "const a='" + "?key=" * 12_000 + "'",
    "members of JSON": "const a='" + '"password":"' * 5_000 + "'",
    "blocks before a throw": VU + "{" * 10_000 + "throw 1" + "}" * 10_000 + "}",
    "thresholds": "export const options={thresholds:{"
    + "".join(f"'a{n}{{scenario:x}}':[]," for n in range(3_000))
    + "}}",
    "unknown options": "export const options={" + "".join(f"a{n}:1," for n in range(5_000)) + "}",
    "scenarios": "export const options={scenarios:{"
    + "".join(f"a{n}:{{exec:'b{n}'}}," for n in range(2_000))
    + "}}",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("file_name", ["a.js", "a.ts"])
async def test_hostile_text_is_answered_or_refused_within_the_limits_of_a_worker(name: str, file_name: str):
    refusal = await refusal_of(SourceText(None, HOSTILE[name].encode(), file_name))
    assert refusal is None or "takes too long to parse" in refusal or "than one text may" in refusal


async def refusal_of(source: SourceText) -> str | None:
    """The reason why a text was not checked; None if it was."""
    try:
        report = await run_bounded(lint, [source], None)
    except ScriptError as refused:
        return str(refused)
    assert report.findings
    return None
