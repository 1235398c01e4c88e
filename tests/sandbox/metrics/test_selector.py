import pytest

from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.selector import Matcher, parse_selector

SERIES = {
    0: {"__name__": "http_reqs", "status": "200", "name": "login page"},
    1: {"__name__": "http_reqs", "status": "500", "name": "login page"},
    2: {"__name__": "http_reqs", "status": "0"},
    3: {"__name__": "checks", "check": 'says "hi", {really}'},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http_reqs", {0, 1, 2}),
        ("http_reqs{}", {0, 1, 2}),
        ('http_reqs{status="200"}', {0}),
        ('http_reqs{status!="200"}', {1, 2}),
        ('http_reqs{status=~"(2|5)\\d\\d"}', {0, 1}),
        ('http_reqs{status!~"[25].."}', {2}),
        ('http_reqs{status!="0",name="login page"}', {0, 1}),
        ('http_reqs{ status != "0" , name = "login page" , }', {0, 1}),
        ('http_reqs{name=""}', {2}),
        ('{__name__=~"http.*"}', {0, 1, 2}),
        ('{check="says \\"hi\\", {really}"}', {3}),
        ("checks{check='says \"hi\", {really}'}", {3}),
        ("nobody", set[int]()),
    ],
)
def test_a_selector_finds_its_series(text: str, found: set[int]):
    assert parse_selector(text, "metric").select(SERIES).keys() == found


@pytest.mark.parametrize(
    "text",
    ["", "{}", "a b", "a{", "a{b}", "a{b=c}", 'a{b="c" d="e"}', 'a{b=="c"}', 'a{b="c}', "a{,}", "a" * 5000],
)
def test_what_is_no_selector_is_refused(text: str):
    with pytest.raises(InvalidRequest) as refused:
        parse_selector(text, "match[]")
    assert refused.value.error.details
    assert refused.value.error.details[0].target == "match[]"


def test_only_quotes_and_backslashes_are_unescaped():
    (matcher,) = parse_selector(r'a{b=~"\d+\\.\"x"}', "metric").matchers
    assert matcher == Matcher("b", "=~", r'\d+\."x')
