import pytest

from k6_cloud_mcp.install.errors import Unreadable
from k6_cloud_mcp.install.toml_edit import drop, put, read

CONFIG = """\
# mine
model = "a"   # the model

[mcp_servers.other]
command = "x"

[profiles.fast]
model = "b"
"""
OURS = ("mcp_servers", "ours")


def test_a_table_is_added_beside_the_others_and_nothing_else_moves():
    added = put(CONFIG, OURS, {"command": "y", "args": ["a"]})
    assert added == CONFIG.replace(
        "[profiles", '[mcp_servers.ours]\ncommand = "y"\nargs = ["a"]\n\n[profiles'
    )


def test_dropping_it_gives_the_old_text_back():
    assert drop(put(CONFIG, OURS, {"command": "y"}), OURS).split() == CONFIG.split()


def test_a_file_that_is_not_there_begins_with_the_table_alone():
    added = put("", OURS, {"command": "y"})
    assert added == '[mcp_servers.ours]\ncommand = "y"\n'
    assert drop(added, OURS) == ""


def test_what_is_the_same_keeps_its_comment():
    text = '[mcp_servers.ours]\ncommand = "y" # why\nold = 1\n'
    assert (
        put(text, OURS, {"command": "y", "args": []})
        == '[mcp_servers.ours]\ncommand = "y" # why\nargs = []\n'
    )


def test_inline_tables_are_added_to_as_well():
    text = 'mcp_servers = { other = { command = "x" } }\n'
    assert read(put(text, OURS, {"command": "y"}))["mcp_servers"] == {
        "other": {"command": "x"},
        "ours": {"command": "y"},
    }


def test_what_cannot_be_read_is_refused_with_its_place():
    with pytest.raises(Unreadable, match="line 1"):
        read("model = \n")


def test_dropping_what_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        drop(CONFIG, OURS)
