import pytest

from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.methods import Span, method_for, require_known
from k6_runner.capture.aggregates import Counter, Gauge, Rate, Trend

SPAN = Span(seconds=4, since_begin=10)


@pytest.mark.parametrize(
    ("method", "argument", "value"),
    [
        ("increase", None, 12),
        ("rate", None, 3),
        ("value", None, 12),
        ("cumrate", None, 1.2),
        ("max_rate", 1, 5),
        ("max_rate", 2, 4.5),
        ("max_rate", 5, 2),
        ("max_rate", 100, 0.12),
    ],
)
def test_counters(method: str, argument: float | None, value: float):
    counter = Counter()
    for second, increase in ((10, 1), (12, 4), (13, 5), (20, 2)):
        counter.add([increase], second)
    assert method_for("counter", method, argument).compute(counter, SPAN) == value


@pytest.mark.parametrize(
    ("method", "value"), [("last", 3), ("min", 1), ("max", 8), ("avg", 4), ("last_time", 11)]
)
def test_gauges(method: str, value: float):
    gauge = Gauge()
    gauge.add(Gauge.reduce([1, 8]), 10)
    gauge.add(Gauge.reduce([3]), 11)
    assert method_for("gauge", method, None).compute(gauge, SPAN) == value


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("increase_total", 8),
        ("rate_total", 2),
        ("value_total", 8),
        ("increase_nz", 6),
        ("rate_nz", 1.5),
        ("value_nz", 6),
        ("increase_z", 2),
        ("rate_z", 0.5),
        ("value_z", 2),
        ("ratio", 0.75),
    ],
)
def test_rates(method: str, value: float):
    rate = Rate()
    rate.add([6, 8], 10)
    assert method_for("rate", method, None).compute(rate, SPAN) == value


@pytest.mark.parametrize(
    ("method", "argument", "value"),
    [
        ("histogram_min", None, 10),
        ("histogram_max", None, 50),
        ("histogram_avg", None, 30),
        ("histogram_stddev", None, 200**0.5),
        ("histogram_count_increase", None, 5),
        ("histogram_count_value", None, 5),
        ("histogram_quantile", 0, 10),
        ("histogram_quantile", 1, 50),
        ("histogram_quantile", 0.5, 30),
        ("histogram_quantile", 0.95, 48),
    ],
)
def test_trends(method: str, argument: float | None, value: float):
    trend = Trend()
    trend.add(Trend.reduce([10, 20, 30, 40, 50]), 10)
    assert method_for("trend", method, argument).compute(trend, SPAN) == pytest.approx(value, rel=0.006)


@pytest.mark.parametrize(
    ("kind", "empty", "methods"),
    [
        ("gauge", Gauge(), ["last", "min", "max", "avg", "last_time"]),
        ("rate", Rate(), ["ratio"]),
        ("trend", Trend(), ["histogram_min", "histogram_max", "histogram_avg", "histogram_stddev"]),
    ],
)
def test_without_values_there_is_no_value_to_tell(kind: str, empty: object, methods: list[str]):
    assert {method_for(kind, method, None).compute(empty, SPAN) for method in methods} == {None}


def test_without_values_nothing_has_increased_and_no_quantile_is_known():
    assert method_for("counter", "rate", None).compute(Counter(), SPAN) == 0
    assert method_for("trend", "histogram_count_increase", None).compute(Trend(), SPAN) == 0
    assert method_for("trend", "histogram_quantile", 0.5).compute(Trend(), SPAN) is None


@pytest.mark.parametrize(
    ("kind", "method", "argument"),
    [
        ("counter", "ratio", None),
        ("trend", "rate", None),
        ("gauge", "histogram_quantile", 0.5),
        ("counter", "rate", 5),
        ("trend", "histogram_quantile", None),
        ("trend", "histogram_quantile", 1.1),
        ("counter", "max_rate", None),
        ("counter", "max_rate", 0),
        ("counter", "max_rate", 1000000000.0),
    ],
)
def test_a_method_that_does_not_fit_is_refused(kind: str, method: str, argument: float | None):
    with pytest.raises(InvalidRequest):
        method_for(kind, method, argument)


def test_a_method_that_no_type_has_is_refused():
    require_known("max_rate")
    with pytest.raises(InvalidRequest) as refused:
        require_known("p95")
    assert refused.value.error.details
    assert "histogram_quantile" in refused.value.error.details[0].message
