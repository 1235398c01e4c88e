from datetime import UTC, datetime

import pytest

from k6_cloud_sandbox.api.odata import AggregateCall, RangeCall, RunsCall, parse_call
from k6_cloud_sandbox.errors import InvalidRequest


def test_arguments_are_separated_by_commas():
    call = parse_call(
        "query='rate by (a,b)',metric='m{a=\"b\"}',step=5,start=2026-01-02T03:04:05Z", RangeCall
    )

    assert (call.query, call.metric, call.step) == ("rate by (a,b)", 'm{a="b"}', 5)
    assert (call.start, call.end) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None)


def test_a_doubled_quote_is_a_quote_and_other_signs_are_themselves():
    call = parse_call("metric='it''s, (a) [b] = ''''', query = 'x' ", AggregateCall)

    assert (call.metric, call.query) == ("it's, (a) [b] = ''", "x")


def test_a_time_may_be_quoted_and_have_any_zone():
    call = parse_call("query='a',metric='b',end='2026-01-02T03:04:05+02:00'", AggregateCall)

    assert call.end == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)


def test_runs_are_a_count_or_a_list():
    assert parse_call("test_run_ids=[1, 22]", RunsCall).test_run_ids == [1, 22]
    assert parse_call("test_run_count=5", RunsCall).test_run_count == 5
    assert parse_call("", RunsCall) == RunsCall()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "query='a'",
        "query='a',metric='b',x=1",
        "query='a',metric='b',query='c'",
        "query='a' metric='b'",
        "query='a,metric='b'",
        "query=,metric='b'",
        "query='a',metric='b',step=0",
        "query='a',metric='b',step=x",
        "query='a',metric='b',start=yesterday",
        "query='a',metric='b')",
        "'a','b'",
        "query='a',metric='b',start=2026-01-02T00:00:00Z,end=2026-01-01T00:00:00Z",
    ],
)
def test_arguments_that_are_wrong_or_missing_are_refused(text: str):
    with pytest.raises(InvalidRequest):
        parse_call(text, RangeCall)


@pytest.mark.parametrize(
    "text", ["test_run_count=0", "test_run_count=5,test_run_ids=[1]", "test_run_ids=[]", "test_run_ids=[a]"]
)
def test_runs_that_are_no_runs_are_refused(text: str):
    with pytest.raises(InvalidRequest):
        parse_call(text, RunsCall)
