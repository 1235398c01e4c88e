"""Any text is parsed or refused, whatever its nesting, and its language is told by name or by parsing."""

import pytest

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.syntax.modules import uses
from k6_cloud.scripts.syntax.options import options_of
from k6_cloud.scripts.syntax.tree import LARGEST, parse

HOSTILE = {
    "regular expressions": "/[" * 100_000,
    "functions": "function(" * 4_000,
    "backquotes": "`" * 60_000,
    "substitutions": "`${" * 20_000,
    "less-than": "a<" * 30_000,
    "generics": "f<" * 20_000 + ">" * 20_000 + "(1)",
    "elements": "<a>" * 20_000,
    "parentheses": "(" * 60_000,
    "parameters": "(a," * 20_000,
    "patterns": "({" * 30_000,
    "brackets": "[" * 60_000,
    "conditions": "a?" * 30_000,
    "arrows": "a=>" * 20_000,
    "members": "a" + ".a" * 30_000,
    "calls": "a(" * 30_000,
    "call chain": "a" + "()" * 30_000,
    "comment": "// from" + " " * 50_000,
    "hex": "'" + "a1" * 30_000 + "'",
    "exports": "module.exports." * 4_000 + "a = 1",
    "export list": "export {" + "a," * 20_000 + "};",
    "escapes": "'" + r"\u{1}" * 10_000 + "'",
    "zero bytes": "\0" * 60_000,
}
REFUSED = {"regular expressions"}


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - REFUSED))
def test_hostile_text_is_analysed(name: str) -> None:
    tree = parse(HOSTILE[name])
    assert options_of(tree).literal in (None, {})
    assert len(uses(tree)) < 10


@pytest.mark.parametrize("name", REFUSED)
def test_deliberately_ambiguous_text_is_refused_before_it_takes_long(name: str) -> None:
    with pytest.raises(ScriptError, match="takes too long"):
        parse(HOSTILE[name])


def test_too_large_text_is_refused() -> None:
    with pytest.raises(ScriptError, match="larger than 1 MiB"):
        parse("/" * (LARGEST + 1))


def test_the_language_is_told_by_the_name() -> None:
    assert parse("const a = 1;", "a.ts").kind == "typescript"
    assert parse("const a = 1;", "A.TS").kind == "typescript"
    assert parse("const a: number = 1;", "a.js").has_errors


def test_without_a_name_valid_javascript_is_javascript_and_only_valid_typescript_is_typescript() -> None:
    assert parse("const a = 1;").kind == "javascript"
    assert parse("const a: number = 1;").kind == "typescript"
    assert parse("interface A { b: string }\nexport default function (a: A) {}").kind == "typescript"
    broken = parse("const a = ;;; {")
    assert (broken.kind, broken.has_errors) == ("javascript", True)


def test_lines_count_from_one_and_text_is_decoded() -> None:
    tree = parse("// ä\nconst späti = '→';\n")
    name = next(node for node in tree.nodes if node.type == "identifier")
    assert (tree.line(name), tree.text(name)) == (2, "späti")
    assert [node.type for node in tree.above(name)][-1] == "program"
