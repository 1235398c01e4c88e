import time

import pytest

from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.safe_regex import matching


def test_a_pattern_has_to_match_the_whole_value():
    assert matching("2..|5", ["200", "204", "500", "5", "1200", ""], "metric") == {"200", "204", "5"}


def test_values_may_be_any_text():
    assert matching(".*é\n\"'", ["é", "caf\u00e9\n\"'"], "metric") == {"caf\u00e9\n\"'"}


def test_a_wrong_pattern_is_refused_with_the_reason():
    with pytest.raises(InvalidRequest) as refused:
        matching("(", ["a"], "match[]")
    assert refused.value.error.details
    assert refused.value.error.details[0].target == "match[]"
    assert "unterminated subpattern" in refused.value.error.details[0].message


def test_a_pattern_that_would_take_for_ever_is_given_up():
    begin = time.monotonic()
    with pytest.raises(InvalidRequest) as refused:
        matching("(a+)+b", ["a" * 60], "metric")
    assert refused.value.error.details
    assert "takes too long" in refused.value.error.details[0].message
    assert time.monotonic() - begin < 5


def test_a_very_long_pattern_is_refused():
    with pytest.raises(InvalidRequest):
        matching("a" * 1001, ["a"], "metric")
