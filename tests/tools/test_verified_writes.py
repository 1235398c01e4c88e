import pytest

from k6_cloud.errors import NoAnswer
from k6_cloud_mcp_tools.verified_writes import Unverified, changes, reading_back, require_shown


def test_a_change_tells_each_field_before_and_after():
    before, after = {"name": "a", "version": 1, "id": 7}, {"name": "b", "id": 7, "note": "n"}
    assert changes(before, after) == {"name": ["a", "b"], "version": [1, None], "note": [None, "n"]}


def test_no_change_is_none():
    assert changes({"name": "a", "note": None}, {"name": "a"}) is None


def test_what_does_not_read_back_as_asked_is_an_error_that_says_both():
    require_shown({"name": "b"}, {"name": "b", "id": 7})
    with pytest.raises(Unverified, match=r"accepted, but reading it back shows name 'c' instead of 'b'\."):
        require_shown({"name": "b"}, {"name": "c"})


def test_a_failure_to_read_back_does_not_say_that_nothing_was_changed_alone():
    with (
        pytest.raises(Unverified, match=r"^The change was accepted, but reading it back failed: GET /x"),
        reading_back(),
    ):
        raise NoAnswer("GET /x got no answer.")
