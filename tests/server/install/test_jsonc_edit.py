import json

import pytest

from k6_cloud_mcp.install.errors import Unreadable
from k6_cloud_mcp.install.jsonc import read
from k6_cloud_mcp.install.jsonc_edit import drop, put

SETTINGS = """\
// mine
{
    "theme": "One Dark", // nice
    "servers": {
        "other": { "command": "x" }, // keep
        /* last */
    },
}
"""
TEXTS = [
    SETTINGS,
    '{"servers":{"other":{"command":"x"}}}',
    '{\r\n\t"servers": {\r\n\t\t"other": {}\r\n\t}\r\n}\r\n',
    '{\n  "a": 1 // one\n}\n',
    '{"a": [1, 2]}',
    "{}",
    "{ }",
    "{ /* nothing */ }",
    "{ // nothing\n}",
    '{\n  "servers": {},\n  "z": "}"\n}\n',
    '{"servers": {"other": {"x": [{}, {"y": []}]}, "last": null},\n "z": 0}',
]


def test_what_stands_there_keeps_its_comments_commas_and_indentation():
    assert put(SETTINGS, ("servers", "ours"), {"args": ["a"]}) == (
        """\
// mine
{
    "theme": "One Dark", // nice
    "servers": {
        "other": { "command": "x" }, // keep
        /* last */
        "ours": {
            "args": [
                "a"
            ]
        },
    },
}
"""
    )


def test_a_file_that_is_not_there_begins_with_the_entry_alone():
    assert put("", ("servers", "ours"), {}) == '{\n  "servers": {\n    "ours": {}\n  }\n}\n'


@pytest.mark.parametrize("text", TEXTS)
def test_the_new_text_means_what_the_old_one_meant_and_the_entry(text: str):
    wanted = read(text)
    wanted.setdefault("servers", {})["ours"] = {"args": ["a", "}"], "env": {}}
    assert read(put(text, ("servers", "ours"), wanted["servers"]["ours"])) == wanted


@pytest.mark.parametrize("text", [text for text in TEXTS if "//" not in text and "/*" not in text])
def test_strict_json_stays_strict(text: str):
    json.loads(text)
    added = put(text, ("servers", "ours"), {"a": 1})
    json.loads(added)
    json.loads(drop(added, ("servers", "ours")))


@pytest.mark.parametrize("text", [text for text in TEXTS if "other" in text])
def test_dropping_what_was_put_in_gives_the_old_text_back(text: str):
    added = put(text, ("servers", "ours"), {"args": ["a"]})
    assert "".join(drop(added, ("servers", "ours")).split()) == "".join(text.split())


def test_dropping_from_the_front_and_from_the_middle_keeps_the_rest():
    text = '{\n  "s": {\n    "a": 1,\n    "b": 2, // two\n    "c": 3\n  }\n}\n'
    assert drop(text, ("s", "a")) == '{\n  "s": {\n    "b": 2, // two\n    "c": 3\n  }\n}\n'
    assert read(drop(text, ("s", "b"))) == {"s": {"a": 1, "c": 3}}
    assert drop(text, ("s", "c")) == '{\n  "s": {\n    "a": 1,\n    "b": 2 // two\n  }\n}\n'


def test_a_comment_before_the_comma_stays_and_the_comma_goes():
    assert read(drop('{"s": {"a": 1 // one\n, "b": 2}}', ("s", "a"))) == {"s": {"b": 2}}


def test_dropping_the_only_member_leaves_an_empty_object():
    assert drop('{\n  "s": {\n    "a": 1\n  }\n}', ("s", "a")) == '{\n  "s": {}\n}'


def test_a_value_is_replaced_where_it_stands():
    text = '{\n  "s": {\n    "a": { "old": 1 }, // mine\n    "b": 2\n  }\n}\n'
    assert put(text, ("s", "a"), {"new": 2}) == (
        '{\n  "s": {\n    "a": {\n      "new": 2\n    }, // mine\n    "b": 2\n  }\n}\n'
    )


def test_members_of_an_array_are_appended_and_dropped_by_index():
    text = put(put("", ("inputs", 0), {"id": "a"}), ("inputs", 1), {"id": "b"})
    assert read(text) == {"inputs": [{"id": "a"}, {"id": "b"}]}
    assert read(drop(text, ("inputs", 0))) == {"inputs": [{"id": "b"}]}


def test_something_else_in_the_way_is_refused():
    with pytest.raises(Unreadable):
        put('{"servers": []}', ("servers", "ours"), {})


def test_dropping_what_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        drop("{}", ("servers", "ours"))
