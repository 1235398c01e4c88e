import pytest

from k6_cloud_mcp_tools.lint.tokens import tokens_of


def texts(source: str) -> list[str]:
    return [token.text for token in tokens_of(source)]


@pytest.mark.parametrize(
    "source", ["// sleep(1)", "/* sleep(1) */", "/* sleep(1)", "#!/usr/bin/env k6\n", "  \n\t"]
)
def test_comments_and_blanks_are_no_code(source: str):
    assert texts(source) == []


@pytest.mark.parametrize("source", ["'sleep(1)'", '"sleep(1)"', "`sleep(1)`"])
def test_a_string_is_one_token(source: str):
    assert texts(source) == ["sleep(1)"]


def test_a_string_says_what_it_stands_for():
    assert texts(r"'it\'s' + " + '"a // b"') == ["it's", "+", "a // b"]


def test_a_template_shows_the_code_within():
    tokens = tokens_of("`a${ f({ b: `c${d}` }) }e` + g")
    assert [token.text for token in tokens] == [
        *("a", "${", "f", "(", "{", "b", ":", "c", "${", "d", "}", "", "}", ")", "}", "e", "+", "g")
    ]
    assert [token.text for token in tokens if token.kind == "template"] == ["a", "c", "", "e"]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("x = /a'b/g", ["name", "sign", "regex"]),
        ("return /[/']/", ["name", "regex"]),
        ("a / b / c", ["name", "sign", "name", "sign", "name"]),
        ("f(1) / 2", ["name", "sign", "number", "sign", "sign", "number"]),
    ],
)
def test_a_regular_expression_is_told_from_a_division(source: str, kinds: list[str]):
    assert [token.kind for token in tokens_of(source)] == kinds


def test_lines_are_counted_through_comments_and_templates():
    source = "/*\n\n*/ a\n`b\n${c}\n`\nd"
    assert [(token.text, token.line) for token in tokens_of(source) if token.kind == "name"] == [
        ("a", 3),
        ("c", 5),
        ("d", 7),
    ]


@pytest.mark.parametrize("source", ["'", '"abc', "`a${", "`", "}}}", "\\", "\x00§", "/", "`${`${"])
def test_what_is_no_javascript_does_no_harm(source: str):
    tokens_of(source)
