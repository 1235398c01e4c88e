"""The methods of queries: what each makes of a metric's values in a span of time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from k6_cloud_sandbox.errors import InvalidRequest
from k6_runner.capture.aggregates import Counter, Gauge, Rate, Trend
from k6_runner.capture.histogram import quantile


@dataclass(frozen=True)
class Span:
    """A span of time: how long it is, how long the run had lasted at its end, and how long a stored period is."""

    seconds: float
    since_begin: float
    period: int = 1


Compute = Callable[[Any, Span], float | None]


@dataclass(frozen=True)
class Method:
    """A method of aggregation. A `cumulative` one takes all values up to the end of the span."""

    compute: Compute
    cumulative: bool = False


def method_for(kind: str, name: str, argument: float | None) -> Method:
    """The method called `name` for a type of metric. Raises InvalidRequest where there is none."""
    if name in _WITH_ARGUMENT.get(kind, {}):
        return Method(_WITH_ARGUMENT[kind][name](argument))
    if name not in _METHODS[kind]:
        names = [*_METHODS[kind], *(f"{method}(…)" for method in _WITH_ARGUMENT.get(kind, {}))]
        raise InvalidRequest.field(
            "query", f"{name} is no method for a {kind}. The methods of a {kind} are {', '.join(names)}."
        )
    if argument is not None:
        raise InvalidRequest.field("query", f"{name} takes no argument.")
    return _METHODS[kind][name]


def require_known(name: str) -> None:
    """Raise InvalidRequest when no type of metric has a method called `name`."""
    known = {
        method for table in (_METHODS, _WITH_ARGUMENT) for methods in table.values() for method in methods
    }
    if name not in known:
        raise InvalidRequest.field(
            "query", f"There is no method {name}. The methods are {', '.join(sorted(known))}."
        )


def _quantile(share: float | None) -> Compute:
    if share is None or not 0 <= share <= 1:
        raise InvalidRequest.field("query", "histogram_quantile takes a number from 0 to 1.")

    def compute(trend: Trend, _: Span) -> float | None:
        if trend.low is None or trend.high is None:
            return None
        return min(max(quantile(trend.buckets, share), trend.low), trend.high)

    return compute


def _max_rate(seconds: float | None) -> Compute:
    if seconds is None or not 1 <= seconds <= 86_400:
        raise InvalidRequest.field("query", "max_rate takes a number of seconds from 1 to 86400.")
    return lambda counter, span: _peak(counter, max(math.ceil(seconds), span.period))


def _peak(counter: Counter, width: int) -> float:
    """The greatest rate in any `width` seconds."""
    seconds = sorted(counter.by_second)
    greatest = within = 0.0
    first = 0
    for second in seconds:
        within += counter.by_second[second]
        while seconds[first] <= second - width:
            within -= counter.by_second[seconds[first]]
            first += 1
        greatest = max(greatest, within)
    return greatest / width


def _average(gauge: Gauge, _: Span) -> float | None:
    return gauge.total / gauge.count if gauge.count else None


def _ratio(rate: Rate, _: Span) -> float | None:
    return rate.nonzero / rate.count if rate.count else None


def _mean(trend: Trend, _: Span) -> float | None:
    return trend.total / trend.count if trend.count else None


def _deviation(trend: Trend, _: Span) -> float | None:
    if not trend.count:
        return None
    mean = trend.total / trend.count
    return math.sqrt(max(0.0, trend.squares / trend.count - mean * mean))


def _per_second(total: Callable[[Any], float]) -> Compute:
    return lambda aggregate, span: total(aggregate) / span.seconds if span.seconds > 0 else None


def _increases(suffix: str, total: Callable[[Any], float]) -> dict[str, Method]:
    return {
        f"increase{suffix}": Method(lambda aggregate, _: total(aggregate)),
        f"rate{suffix}": Method(_per_second(total)),
        f"value{suffix}": Method(lambda aggregate, _: total(aggregate), cumulative=True),
    }


def _counter_total(counter: Counter) -> float:
    return counter.total


def _cumulative_rate(counter: Counter, span: Span) -> float | None:
    return counter.total / span.since_begin if span.since_begin > 0 else None


def _rate_total(rate: Rate) -> float:
    return rate.count


def _rate_nonzero(rate: Rate) -> float:
    return rate.nonzero


def _rate_zero(rate: Rate) -> float:
    return rate.count - rate.nonzero


_METHODS: Mapping[str, Mapping[str, Method]] = {
    "counter": {
        **_increases("", _counter_total),
        "cumrate": Method(_cumulative_rate, cumulative=True),
    },
    "gauge": {
        "last": Method(lambda gauge, _: gauge.last),
        "min": Method(lambda gauge, _: gauge.low),
        "max": Method(lambda gauge, _: gauge.high),
        "avg": Method(_average),
        "last_time": Method(lambda gauge, _: gauge.last_second),
    },
    "rate": {
        **_increases("_total", _rate_total),
        **_increases("_nz", _rate_nonzero),
        **_increases("_z", _rate_zero),
        "ratio": Method(_ratio),
    },
    "trend": {
        "histogram_max": Method(lambda trend, _: trend.high),
        "histogram_min": Method(lambda trend, _: trend.low),
        "histogram_avg": Method(_mean),
        "histogram_stddev": Method(_deviation),
        "histogram_count_increase": Method(lambda trend, _: trend.count),
        "histogram_count_value": Method(lambda trend, _: trend.count, cumulative=True),
    },
}
_WITH_ARGUMENT: Mapping[str, Mapping[str, Callable[[float | None], Compute]]] = {
    "counter": {"max_rate": _max_rate},
    "trend": {"histogram_quantile": _quantile},
}
