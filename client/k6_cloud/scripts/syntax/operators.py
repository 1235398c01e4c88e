"""The arithmetic of literals, as JavaScript does it."""

import math
from typing import Any, cast

_LONGEST_TEXT = 100_000


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Any) -> str | None:
    """A string or a whole number as JavaScript writes it; None for anything else."""
    if isinstance(value, str):
        return value
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**21
    return str(value) if is_whole else None


def tidy(value: float) -> float:
    """Whole numbers as integers, as JSON from k6 has them."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def combined(operator: str, left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _calculated(operator, left, right)
    texts = (as_text(left), as_text(right))
    if operator == "+" and None not in texts and (isinstance(left, str) or isinstance(right, str)):
        joined = "".join(cast("tuple[str, str]", texts))
        return joined if len(joined) <= _LONGEST_TEXT else None
    return None


def _calculated(operator: str, left: float, right: float) -> float | None:
    try:
        results = {"+": left + right, "-": left - right, "*": left * right}
        value = results[operator] if operator in results else left / right if operator == "/" else None
    except (OverflowError, ZeroDivisionError):
        return None
    return None if value is None or not math.isfinite(value) else tidy(value)
