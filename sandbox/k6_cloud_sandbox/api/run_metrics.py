"""The metrics of one run as the API shows them: series under all their labels, and answers to queries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import NAMESPACE_URL, uuid5

from k6_cloud.metrics import LabelledMetric, Metric, Series
from k6_cloud.models import TestRun
from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.builtin import origin_of
from k6_cloud_sandbox.metrics.expression import Expression
from k6_cloud_sandbox.metrics.methods import require_known
from k6_cloud_sandbox.metrics.query import RUN, Query
from k6_cloud_sandbox.metrics.selector import NAME, Labels, Selector
from k6_cloud_sandbox.metrics.window import Lifetime, Window
from k6_cloud_sandbox.store.metrics import Metrics
from k6_runner.capture.frame import NewMetric

_HERE = "local"


@dataclass(frozen=True)
class Question:
    """A query over one metric, in a part of a run or in all of it. Raises InvalidRequest when it asks for nothing known."""

    expression: Expression
    selector: Selector
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if not self.selector.name:
            raise InvalidRequest.field(
                self.selector.target, "A query needs a metric's name before the braces."
            )
        require_known(self.expression.method)


class Readings:
    """The metrics of `run`. Calls block."""

    def __init__(self, store: Metrics, run: TestRun) -> None:
        self._store = store
        self._run = run

    def metrics(self) -> list[Metric]:
        """The run's metrics, by name."""
        return [self._metric(metric) for metric in self._store.list(self._run.id)]

    def labelled(self) -> list[LabelledMetric]:
        """The run's metrics with the labels of their series."""
        found = {metric.name: LabelledMetric(name=metric.name, type=metric.type) for metric in self.metrics()}
        for labels in self._series().values():
            metric = found[labels[NAME]]
            metric.labels = sorted({*metric.labels, *labels} - {NAME, RUN})
        return [*found.values()]

    def select(self, selectors: Iterable[Selector]) -> list[Labels]:
        """The series that fit any of the selectors."""
        series = self._series()
        found: dict[int, Labels] = {}
        for selector in selectors:
            found |= selector.select(series)
        return sorted(found.values(), key=lambda labels: sorted(labels.items()))

    def over_time(self, question: Question, step: int | None) -> list[Series]:
        """Values for every `step` seconds. A metric that the run does not have gives none."""

        def stepped(period: int) -> Window:
            return Window.stepped(self._life, question.start, question.end, step, period)

        return self._answer(question, stepped)

    def overall(self, question: Question) -> list[Series]:
        """One value for each series. A metric that the run does not have gives none."""
        return self._answer(question, lambda _: Window.whole(self._life, question.start, question.end))

    def _answer(self, question: Question, window: Callable[[int], Window]) -> list[Series]:
        metric = next((m for m in self._store.list(self._run.id) if m.name == question.selector.name), None)
        if metric is None:
            return []
        stored = self._store.cells(self._run.id, metric.number)
        query = Query(question.expression, metric.type, self._life, window(stored.seconds), stored.seconds)
        return query.answer(question.selector.select(self._series()), stored.cells)

    def _series(self) -> dict[int, Labels]:
        """All series by their number, under the labels that the service adds too."""
        zones = self._run.distribution or []
        added = {RUN: str(self._run.id), "load_zone": zones[0].load_zone if zones else _HERE}
        return {
            series.number: {"instance_id": "0", **added, **series.labels, NAME: series.metric.name}
            for series in self._store.series(self._run.id)
        }

    def _metric(self, metric: NewMetric) -> Metric:
        return Metric(
            id=str(uuid5(NAMESPACE_URL, f"k6://test_runs/{self._run.id}/metrics/{metric.name}")),
            name=metric.name,
            type=metric.type,
            origin=origin_of(metric.name),
            test_run_id=self._run.id,
        )

    @cached_property
    def _life(self) -> Lifetime:
        return Lifetime.of(self._run, self._store.until(self._run.id))
