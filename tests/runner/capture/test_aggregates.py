import pytest

from k6_runner.capture.aggregates import Counter, Gauge, Rate, Trend


def test_a_counter_adds_up_and_knows_each_second():
    counter = Counter()
    counter.add(Counter.reduce([1, 2.5]), 10)
    counter.add(Counter.reduce([4]), 10)
    counter.add(Counter.reduce([1]), 12)

    assert counter.total == 8.5
    assert counter.by_second == {10: 7.5, 12: 1}


def test_a_gauge_keeps_the_latest_value_and_the_extremes():
    gauge = Gauge()
    gauge.add(Gauge.reduce([5, 9, 1]), 10)
    gauge.add(Gauge.reduce([4]), 11)

    assert (gauge.last, gauge.last_second, gauge.low, gauge.high) == (4, 11, 1, 9)
    assert (gauge.total, gauge.count) == (19, 4)


def test_a_rate_counts_values_that_are_not_zero():
    rate = Rate()
    rate.add(Rate.reduce([1, 0, 0, 1]), 10)
    rate.add(Rate.reduce([0]), 11)

    assert (rate.nonzero, rate.count) == (2, 5)


def test_a_trend_of_parts_is_the_trend_of_the_whole():
    whole, parts = Trend(), Trend()
    whole.add(Trend.reduce([3, 1, 2, 2, 0, -4]), 10)
    parts.add(Trend.reduce([3, 1]), 10)
    parts.add(Trend.reduce([2, 2, 0, -4]), 11)

    assert parts.buckets == whole.buckets
    assert (parts.count, parts.low, parts.high) == (whole.count, whole.low, whole.high) == (6, -4, 3)
    assert (parts.total, parts.squares) == pytest.approx((whole.total, whole.squares))


def test_whole_numbers_are_kept_short():
    assert (Counter.reduce([1.0, 2.0]), Gauge.reduce([10.0])) == ([3], [10, 10, 10, 10, 1])
    assert [type(number) for number in Counter.reduce([1.0, 2.0])] == [int]
