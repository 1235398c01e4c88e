"""Query expressions, like `rate`, `histogram_quantile(0.95) by (name)` or `sum(last by (instance_id))`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from k6_cloud_sandbox.errors import InvalidRequest

Combine = Callable[[Sequence[float]], float]

_LONGEST = 1000


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_OUTER: dict[str, Combine] = {"sum": sum, "min": min, "max": max, "avg": _average}
# No two repetitions of blanks side by side: there would be as many ways to share blanks as pairs of them.
_BY = r"(?:\s+by\s*\(([^()]*)\))?"
_METHOD = r"([a-z_][a-z0-9_]*)(?:\s*\(([0-9.eE+\s-]*)\))?"
_PLAIN = re.compile(_METHOD + _BY)
_WRAPPED = re.compile(rf"({'|'.join(_OUTER)})\s*\(\s*{_METHOD}{_BY}\s*\){_BY}")


@dataclass(frozen=True)
class Expression:
    """`method(argument) by (by)`, and where `combine` is given its results put together again `by (outer_by)`."""

    method: str
    argument: float | None
    by: tuple[str, ...]
    combine: Combine | None = None
    outer_by: tuple[str, ...] = ()


def parse_expression(text: str) -> Expression:
    """The expression in `text`. Raises InvalidRequest."""
    query = text.strip()
    if len(query) <= _LONGEST:
        if found := _WRAPPED.fullmatch(query):
            outer, method, argument, by, outer_by = found.groups()
            return Expression(method, _number(argument), _labels(by), _OUTER[outer], _labels(outer_by))
        if found := _PLAIN.fullmatch(query):
            method, argument, by = found.groups()
            return Expression(method, _number(argument), _labels(by))
    raise InvalidRequest.field(
        "query",
        f"{text[:100]!r} is no query. One looks like rate, histogram_quantile(0.95) by (name) "
        "or sum(last by (instance_id)).",
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text and text.strip() else None
    except ValueError:
        raise InvalidRequest.field("query", f"{text[:40]!r} is no number." if text else "") from None


def _labels(text: str | None) -> tuple[str, ...]:
    return tuple(label.strip() for label in (text or "").split(",") if label.strip())
