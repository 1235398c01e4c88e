from typing import Any

import pytest

from k6_cloud_mcp_tools.metrics.thresholds import Threshold, thresholds_of


def the(conditions: Any, metric: str = "http_req_duration") -> Threshold:
    (threshold,) = thresholds_of({"thresholds": {metric: conditions}})
    return threshold


@pytest.mark.parametrize(
    ("expression", "kind", "query"),
    [
        ("avg<200", "trend", "histogram_avg"),
        ("min>=1", "trend", "histogram_min"),
        ("max < 1000", "trend", "histogram_max"),
        ("med<200", "trend", "histogram_quantile(0.5)"),
        ("p(95)<500", "trend", "histogram_quantile(0.95)"),
        ("p(99.9)<500", "trend", "histogram_quantile(0.999)"),
        ("p(99.99) < 500", "trend", "histogram_quantile(0.9999)"),
        ("  p( 90 )  <=  400  ", "trend", "histogram_quantile(0.9)"),
        ("p(0)>0", "trend", "histogram_quantile(0)"),
        ("count>100", "counter", "increase"),
        ("rate>10", "counter", "rate"),
        ("value<10", "gauge", "last"),
        ("rate<0.01", "rate", "ratio"),
    ],
)
def test_every_expression_of_k6_is_measured_by_a_query(expression: str, kind: str, query: str):
    assert the([expression]).query(kind) == query


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("p(95)<1", "counter"),
        ("count>1", "trend"),
        ("p(95)<1", ""),
        ("avg<1", "rate"),
        ("value<1", "trend"),
        ("rate<1", ""),
    ],
)
def test_what_the_type_does_not_have_cannot_be_measured(expression: str, kind: str):
    assert the([expression]).query(kind) is None


@pytest.mark.parametrize(
    ("operator", "kept", "crossed"),
    [
        ("<", [4.9], [5, 5.1]),
        ("<=", [4.9, 5], [5.1]),
        (">", [5.1], [5, 4.9]),
        (">=", [5, 5.1], [4.9]),
        ("==", [5], [4.9]),
        ("===", [5], [4.9]),
        ("!=", [4.9], [5]),
    ],
)
def test_a_value_keeps_to_a_threshold_or_crosses_it(operator: str, kept: list[float], crossed: list[float]):
    threshold = the([f"avg{operator}5"])
    assert all(threshold.holds(value) for value in kept)
    assert not any(threshold.holds(value) for value in crossed)


@pytest.mark.parametrize(
    ("written", "limit"),
    [("200", 200), ("0.01", 0.01), (".5", 0.5), ("5.", 5), ("-1.5", -1.5), ("+2", 2), ("1e3", 1000)],
)
def test_a_limit_is_any_number_that_k6_reads(written: str, limit: float):
    assert the([f"avg<{written}"]).limit == limit


@pytest.mark.parametrize(
    ("selected", "labels"),
    [
        ("http_req_duration", ()),
        ("http_req_duration{}", ()),
        ("http_req_duration{status:200}", (("status", "200"),)),
        ("http_req_duration{ status:200, method : GET }", (("status", "200"), ("method", "GET"))),
        ("http_req_duration{name:'log in'}", (("name", "log in"),)),
        ("http_req_duration{url:http://localhost:1/a}", (("url", "http://localhost:1/a"),)),
        ("http_req_duration{name:/items/{id}}", (("name", "/items/{id}"),)),
        ("http_req_duration{group:::pay}", (("group", "::pay"),)),
    ],
)
def test_a_selector_narrows_the_metric_by_labels(selected: str, labels: tuple[tuple[str, str], ...]):
    threshold = the(["avg<1"], selected)
    assert (threshold.metric, threshold.labels) == ("http_req_duration", labels)


def test_a_threshold_is_named_as_it_stands_in_the_script():
    assert the(["p(95) < 500"], "http_req_duration{status:200}").name == (
        "http_req_duration{status:200} p(95) < 500"
    )
    assert the(["rate<0.1"], "http_req_failed").name == "http_req_failed rate<0.1"


@pytest.mark.parametrize(
    "conditions",
    [
        "avg<1",
        ["avg<1"],
        {"threshold": "avg<1", "abortOnFail": True},
        [{"threshold": "avg<1", "abortOnFail": True, "delayAbortEval": "10s"}],
    ],
    ids=["text", "list of text", "object", "list of objects"],
)
def test_conditions_come_as_text_or_as_objects(conditions: Any):
    assert the(conditions).expression == "avg<1"


def test_all_thresholds_are_found_in_the_order_of_the_script():
    options = {"thresholds": {"checks": ["rate>0.9"], "vus": ["value<10", {"threshold": "value>0"}]}}
    assert [one.name for one in thresholds_of(options)] == ["checks rate>0.9", "vus value<10", "vus value>0"]


@pytest.mark.parametrize(
    "options",
    [
        None,
        {},
        {"thresholds": None},
        {"thresholds": {}},
        {"thresholds": []},
        {"thresholds": "avg<1"},
        {"thresholds": {"checks": None}},
        {"thresholds": {"checks": [None, 1, {}, {"threshold": 5}]}},
        {
            "thresholds": {
                "checks": ["", "avg", "avg<", "<1", "avg<<1", "avg=1", "avg<fast", "p(x)<1", "p<1>2"]
            }
        },
        {"thresholds": {"": ["avg<1"], "{a:b}": ["avg<1"]}},
    ],
)
def test_what_cannot_be_read_is_left_out(options: dict[str, Any] | None):
    assert thresholds_of(options) == []
