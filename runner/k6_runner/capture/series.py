"""Numbers for metrics and series, and a bound on how many series there can be."""

import json
from collections.abc import Mapping
from typing import Any

from k6_runner.capture.frame import NewMetric, NewSeries

MOST_SERIES = 5000
_RESERVE = 500
# The labels a script most easily fills with ever new values.
_WIDE_LABELS = frozenset({"url", "name", "error"})
_CACHED = 50_000


class SeriesRegister:
    """The series of a run. `new_metrics` and `new_series` collect what is still to be told.

    Past MOST_SERIES new ones lose their url, name and error, and after a reserve all their labels: values
    are counted, only less finely. `folded` counts the label sets that this befell.
    """

    def __init__(self) -> None:
        self.new_metrics: list[NewMetric] = []
        self.new_series: list[NewSeries] = []
        self.folded = 0
        self.metrics: dict[str, NewMetric] = {}
        self.metric_of: list[NewMetric] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def declare(self, name: str, kind: str) -> None:
        """Take note of a metric, which k6 does before its first value."""
        if name not in self.metrics:
            metric = self.metrics[name] = NewMetric(len(self.metrics), name, kind)
            self.new_metrics.append(metric)

    def number(self, name: str, tags: Mapping[str, object]) -> int | None:
        """The series of a value; None for a metric that was not declared, or when the reserve is used up."""
        if name not in self.metrics:
            return None
        labels = {label: str(value) for label, value in tags.items() if value}
        known = self._known(name, labels)
        if known is not None:
            return known
        folded = self._folded(labels)
        self.folded += folded != labels
        known = self._known(name, folded)
        return self._add(name, folded) if known is None else known

    def _folded(self, labels: dict[str, str]) -> dict[str, str]:
        if len(self.metric_of) < MOST_SERIES:
            return labels
        if len(self.metric_of) < MOST_SERIES + _RESERVE:
            return {label: value for label, value in labels.items() if label not in _WIDE_LABELS}
        return {}

    def _known(self, name: str, labels: dict[str, str]) -> int | None:
        return self._numbers.get((name, _key(labels)))

    def _add(self, name: str, labels: dict[str, str]) -> int | None:
        number = len(self.metric_of)
        if number >= MOST_SERIES + 2 * _RESERVE:
            return None
        metric = self.metrics[name]
        self._numbers[name, _key(labels)] = number
        self.metric_of.append(metric)
        self.new_series.append(NewSeries(number, metric.number, labels))
        return number


class SeriesCache(dict[tuple[bytes, bytes], int | None]):
    """Series by metric and tags as k6 writes them, so that JSON is parsed once and not for each value."""

    def __init__(self, register: SeriesRegister) -> None:
        super().__init__()
        self._register = register

    def __missing__(self, written: tuple[bytes, bytes]) -> int | None:
        if len(self) >= _CACHED:
            self.clear()
        point: dict[str, Any] = json.loads(b'{"tags":%b}' % written[1])
        number = self[written] = self._register.number(
            written[0].decode(errors="replace"), point["tags"] or {}
        )
        return number


def _key(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True)
