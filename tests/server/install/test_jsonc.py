import pytest

from k6_cloud_mcp.install.errors import Unreadable
from k6_cloud_mcp.install.jsonc import read


def test_comments_and_trailing_commas_are_read_over():
    text = '\ufeff// top\n{"a": [1, 2.5, null, /* in */ "x//y",], "b\\n": {"c": true,},}\n// end'
    assert read(text) == {"a": [1, 2.5, None, "x//y"], "b\n": {"c": True}}


def test_an_empty_file_is_an_empty_object():
    assert read(" \n") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1', "line 1, column 8: it ends too early"),
        ('{\n  "a" 1}', "line 2, column 7: a colon is missing"),
        ('{"a": 1 "b": 2}', "a comma or '}' is missing"),
        ("{a: 1}", "'a' stands where a name should"),
        ('{"a": yes}', "'yes' is not a value"),
        ('{"a": }', "'}' stands where a value should"),
        ("{} {}", "something follows the end"),
        ('{"a": "open}', "is not expected"),
        ("<<<<<<< HEAD\n{}", "is not a value"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, reason: str):
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert reason in str(refused.value)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_very_deep_nesting_is_refused(opening: str):
    for text in (opening * 5_000, opening * 101):
        with pytest.raises(Unreadable, match="it is nested more than 100 levels deep"):
            read(text)


def test_nesting_as_deep_as_a_host_s_own_is_read():
    value = read("[" * 100 + "]" * 100)
    for _ in range(99):
        (value,) = value
    assert value == []
