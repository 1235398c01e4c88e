"""Durations in k6 options: text like `1m30s`, or a number of milliseconds."""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_LONGEST = 10 * 366 * 86400.0
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
# Not in the middle of a number: looking there again and again would take very long over a very long one.
_PART = re.compile(r"(?<![\d.])(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|ns|d|h|m|s)", re.ASCII)


def seconds(value: Any) -> float:
    """An option's duration in seconds. Raises ValueError when it is none, is negative, or is over ten years."""
    length = _seconds(value)
    if not 0 <= length <= _LONGEST:
        raise ValueError("a duration must be between 0 and ten years")
    return length


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        # Pydantic reports a ValueError as a finding; a TypeError would pass through it.
        raise ValueError(  # noqa: TRY004
            "a duration is text like '1m30s', or a number of milliseconds"
        )
    return value / 1000 if abs(value) < _LONGEST * 1000 else math.inf


def _from_text(text: str) -> float:
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    try:
        return float(text) / 1000
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a duration like '1m30s'") from None


Duration = Annotated[float, BeforeValidator(seconds)]
