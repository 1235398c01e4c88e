"""Queries: an expression worked out over the stored values of one run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from k6_cloud.metrics import Series
from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.expression import Expression
from k6_cloud_sandbox.metrics.methods import Method, Span, method_for
from k6_cloud_sandbox.metrics.selector import NAME, Labels
from k6_cloud_sandbox.metrics.window import Lifetime, Window
from k6_runner.capture.aggregates import AGGREGATES, Aggregate, Row
from k6_runner.capture.frame import Cell

_MOST_VALUES = 200_000
RUN = "test_run_id"

Key = tuple[str, ...]
Values = list[float | None]
Rows = list[tuple[int, Row]]


@dataclass(frozen=True)
class Query:
    """An expression over one metric of a run. `kind` is the metric's type, `period` the longest stored period."""

    expression: Expression
    kind: str
    life: Lifetime
    window: Window
    period: int

    def answer(self, series: Mapping[int, Labels], cells: Iterable[Cell]) -> list[Series]:
        """The result for the series that are meant, by their number. Raises InvalidRequest."""
        expression = self.expression
        method = method_for(self.kind, expression.method, expression.argument)
        groups = self._grouped(series, cells)
        self._require_few(len(groups))
        results = {key: self._values(method, steps) for key, steps in groups.items()}
        if expression.combine:
            results = self._combined(results)
        by = expression.outer_by if expression.combine else expression.by
        identity = next(iter(series.values()), dict[str, str]())
        found = [self._series(identity, by, key, results[key]) for key in sorted(results)]
        return [one for one in found if one.values]

    def _require_few(self, groups: int) -> None:
        if groups * self.window.count > _MOST_VALUES:
            raise InvalidRequest.field(
                "query",
                f"The answer would have {groups} series of {self.window.count} points. "
                "Take a longer step, a narrower selector, or fewer labels after `by`.",
            )

    def _grouped(self, series: Mapping[int, Labels], cells: Iterable[Cell]) -> dict[Key, dict[int, Rows]]:
        """The rows of each group and step, in order of time."""
        keys = {number: _key(labels, self.expression.by) for number, labels in series.items()}
        groups: dict[Key, dict[int, Rows]] = {key: defaultdict(list) for key in keys.values()}
        for number, second, row in sorted(cells, key=lambda cell: cell[1]):
            if number in keys:
                groups[keys[number]][self.window.place(second)].append((second, row))
        return groups

    def _values(self, method: Method, steps: Mapping[int, Rows]) -> Values:
        aggregate = AGGREGATES[self.kind]()
        if method.cumulative:
            _add(aggregate, steps.get(-1, ()))
        values: Values = []
        for step in range(self.window.count):
            if not method.cumulative:
                aggregate = AGGREGATES[self.kind]()
            _add(aggregate, steps.get(step, ()))
            values.append(method.compute(aggregate, self._span(step)))
        return values

    def _span(self, step: int) -> Span:
        start = self.window.start + step * self.window.step
        end = min(start + self.window.step, self.window.end, self.life.end)
        seconds = end - max(start, self.life.begin) if self.window.is_whole else self.window.step
        return Span(seconds, end - self.life.begin, self.period)

    def _combined(self, results: Mapping[Key, Values]) -> dict[Key, Values]:
        """The results of the groups put together by the outer labels."""
        outer: defaultdict[Key, list[Values]] = defaultdict(list)
        for key, values in results.items():
            labels = dict(zip(self.expression.by, key, strict=True))
            outer[_key(labels, self.expression.outer_by)].append(values)
        return {key: [self._combine(step) for step in zip(*rows, strict=True)] for key, rows in outer.items()}

    def _combine(self, values: Sequence[float | None]) -> float | None:
        present = [value for value in values if value is not None]
        return self.expression.combine(present) if self.expression.combine and present else None

    def _series(self, identity: Labels, by: Key, key: Key, values: Values) -> Series:
        labels = {label: value for label, value in zip(by, key, strict=True) if value}
        points: list[tuple[float, float | None]] = [
            (self.window.moment(step), value) for step, value in enumerate(values) if value is not None
        ]
        return Series(metric={NAME: identity[NAME], RUN: identity[RUN], **labels}, values=points)


def _add(aggregate: Aggregate, rows: Iterable[tuple[int, Row]]) -> None:
    for second, row in rows:
        aggregate.add(row, second)


def _key(labels: Labels, by: Key) -> Key:
    return tuple(labels.get(label, "") for label in by)
