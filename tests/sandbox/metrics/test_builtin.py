import pytest

from k6_cloud_sandbox.metrics.builtin import origin_of


@pytest.mark.parametrize(
    ("metric", "origin"),
    [("http_reqs", "builtin"), ("browser_web_vital_lcp", "builtin"), ("http_my_own", "script")],
)
def test_a_metric_comes_from_k6_or_from_the_script(metric: str, origin: str):
    assert origin_of(metric) == origin
