import random
import statistics
from collections import Counter

import pytest

from k6_runner.capture.histogram import ERROR, bucket, middle, quantile


@pytest.mark.parametrize("value", [5e-324, 1e-9, 0.001, 0.5, 1, 1.0001, 42, 3.6e6, 1e300, -0.25, -1e9])
def test_a_bucket_stands_for_its_values_within_the_error(value: float):
    assert middle(bucket(value)) == pytest.approx(value, rel=ERROR * 1.001)


def test_zero_has_a_bucket_of_its_own():
    assert (bucket(0), middle(0)) == (0, 0)


def test_buckets_sort_like_values():
    values = [-1e300, -3, -1e-300, 0, 1e-300, 0.1, 1, 2, 1e300]
    assert [bucket(value) for value in values] == sorted({bucket(value) for value in values})


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 0.9, 0.95, 0.99, 1])
def test_quantiles_are_those_of_the_values_within_the_error(share: float):
    chance = random.Random(7)
    values = sorted(chance.lognormvariate(3, 1) for _ in range(1001))
    exact = values[round(share * 1000)]
    assert quantile(Counter(map(bucket, values)), share) == pytest.approx(exact, rel=ERROR * 1.001)


def test_a_quantile_between_two_values_lies_between_them():
    counts = Counter(map(bucket, [100, 200]))
    assert quantile(counts, 0.5) == pytest.approx(statistics.median([100, 200]), rel=ERROR)


def test_an_empty_histogram_has_no_quantile():
    with pytest.raises(ValueError, match="empty"):
        quantile({}, 0.5)
