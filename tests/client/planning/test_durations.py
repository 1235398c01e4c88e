from typing import Any

import pytest

from k6_cloud.planning.durations import seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1d2h", 93600),
        ("1.5s", 1.5),
        (".5m", 30),
        ("10m30s", 630),
        ("3µs", 3e-6),
        ("0", 0),
        ("1500", 1.5),
        (1500, 1.5),
        (0.5, 0.0005),
    ],
)
def test_a_duration_is_read_as_k6_reads_it(value: Any, expected: float):
    assert seconds(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "1m!",
        "-1s",
        "1x",
        -1,
        True,
        None,
        [],
        float("nan"),
        "nan",
        "inf",
        10**400,
        "9" * 400 + "s",
    ],
)
def test_anything_else_is_refused(value: Any):
    with pytest.raises(ValueError, match="duration"):
        seconds(value)
