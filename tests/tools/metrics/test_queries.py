import pytest
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.metrics import Metric
from k6_cloud_mcp_tools.metrics.queries import Method, MetricQuery, build_query, find_metric, selector

COUNTER = Metric(name="http_reqs", type="counter")
GAUGE = Metric(name="vus", type="gauge")
RATE = Metric(name="checks", type="rate")
TREND = Metric(name="http_req_duration", type="trend")


@pytest.mark.parametrize(
    ("metric", "method", "query"),
    [
        (COUNTER, "rate", "rate"),
        (COUNTER, "max_rate", "max_rate(1)"),
        (COUNTER, "total", "increase"),
        (GAUGE, "last", "last"),
        (GAUGE, "avg", "avg"),
        (GAUGE, "min", "min"),
        (GAUGE, "max", "max"),
        (RATE, "ratio", "ratio"),
        (RATE, "count", "increase_total"),
        (TREND, "avg", "histogram_avg"),
        (TREND, "min", "histogram_min"),
        (TREND, "max", "histogram_max"),
        (TREND, "stddev", "histogram_stddev"),
        (TREND, "count", "histogram_count_increase"),
    ],
)
def test_each_type_has_its_methods(metric: Metric, method: Method, query: str):
    assert build_query(metric, method) == MetricQuery(query, metric.name, method)


@pytest.mark.parametrize(
    ("metric", "query", "method"),
    [
        (COUNTER, "rate", "rate"),
        (GAUGE, "last", "last"),
        (RATE, "ratio", "ratio"),
        (TREND, "histogram_quantile(0.95)", "p95"),
    ],
)
def test_without_a_method_the_type_has_its_own(metric: Metric, query: str, method: str):
    assert build_query(metric) == MetricQuery(query, metric.name, method)


@pytest.mark.parametrize(
    ("percentile", "query", "method"),
    [
        (0, "histogram_quantile(0)", "p0"),
        (50, "histogram_quantile(0.5)", "p50"),
        (99.9, "histogram_quantile(0.999)", "p99.9"),
        (99.99, "histogram_quantile(0.9999)", "p99.99"),
        (100, "histogram_quantile(1)", "p100"),
    ],
)
def test_a_trend_has_any_percentile(percentile: float, query: str, method: str):
    assert build_query(TREND, percentile=percentile) == MetricQuery(query, TREND.name, method)


def test_labels_group_and_narrow():
    built = build_query(TREND, "avg", None, ["name", "status"], {"method": "GET", "scenario": "default"})
    assert built.query == "histogram_avg by (name,status)"
    assert built.metric == 'http_req_duration{method="GET",scenario="default"}'


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ('say "hi"', r'checks{a="say \"hi\""}'),
        ("back\\slash", r'checks{a="back\\slash"}'),
        ('\\"', r'checks{a="\\\""}'),
        ('x"},b{c="', r'checks{a="x\"},b{c=\""}'),
        ("it's')", "checks{a=\"it's')\"}"),
        ("", 'checks{a=""}'),
    ],
)
def test_a_label_s_value_cannot_leave_its_quotes(value: str, quoted: str):
    assert selector("checks", {"a": value}) == quoted


def test_a_method_of_another_type_is_refused_with_those_there_are():
    with pytest.raises(ToolError) as refused:
        build_query(COUNTER, "avg")
    assert str(refused.value) == ("http_reqs is a counter, which has no avg. Valid: rate, max_rate, total.")
    with pytest.raises(ToolError, match=r"Valid: avg, min, max, stddev, count or a percentile\."):
        build_query(TREND, "ratio")


def test_a_percentile_is_for_trends_and_instead_of_a_method():
    with pytest.raises(ToolError, match=r"checks is a rate: percentiles go with trends only\. Valid: ratio"):
        build_query(RATE, percentile=95)
    with pytest.raises(ToolError, match="method or percentile, not both"):
        build_query(TREND, "avg", 95)


def test_a_type_that_is_not_known_yet_has_no_methods():
    with pytest.raises(ToolError, match="x is a histogram, which has no last"):
        build_query(Metric(name="x", type="histogram"))


def test_a_metric_is_found_by_its_name():
    assert find_metric([COUNTER, TREND], "http_reqs") is COUNTER


def test_a_metric_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ToolError) as refused:
        find_metric([TREND, COUNTER], "http_req_durations")
    assert str(refused.value) == (
        "The run has no metric 'http_req_durations'. Did you mean http_req_duration? "
        "It has: http_req_duration, http_reqs."
    )


@pytest.mark.parametrize("name", ["x", "checks{a='1'}", "a') or ('", "../../metrics"])
def test_of_a_run_without_metrics_none_is_found_whatever_it_is_called(name: str):
    with pytest.raises(ToolError) as refused:
        find_metric([], name)
    assert str(refused.value) == f"The run has no metric {name!r}. It has: none."
