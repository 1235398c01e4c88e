import pytest

from k6_cloud_sandbox.runner.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("10m30s", 630), ("1h0m0.5s", 3600.5), ("500ms", 0.5), ("1d2h", 93600), ("2µs", 2e-6)],
)
def test_a_duration_of_k6_is_read_as_seconds(text: str, seconds: float):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "1 m", "1m x", "-1s", "1m30"])
def test_anything_else_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
