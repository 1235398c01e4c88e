"""The load that a set of k6 options describes: peak VUs and length."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pydantic import Field, ValidationError, model_validator

from k6_cloud.errors import ErrorDetail
from k6_cloud.models import Json
from k6_cloud.planning.durations import Duration
from k6_cloud.planning.ramps import Step
from k6_cloud.planning.scenarios import (
    AnyScenario,
    ConstantVus,
    Count,
    Options,
    PerVuIterations,
    Positive,
    RampingVus,
    Scenario,
    SharedIterations,
    Stage,
)


class OptionsError(Exception):
    """Options that k6 cannot run; `details` names each wrong one."""

    def __init__(self, details: list[ErrorDetail]) -> None:
        super().__init__("; ".join(f"{detail.target}: {detail.message}" for detail in details))
        self.details = details


@dataclass(frozen=True)
class Load:
    """The most VUs at any moment, and seconds without graceful stops.

    `max_vus` is the peak of protocol and browser VUs together. `timed_duration` leaves out scenarios that
    end with their iterations: the run lasts at least that long. `with_graceful_stops` is k6's own upper bound;
    `setup_timeout` and `teardown_timeout` come on top of it for a script that has these functions.
    """

    max_vus: int
    protocol_vus: int
    browser_vus: int
    duration: float
    timed_duration: float
    with_graceful_stops: float
    setup_timeout: float = 60.0
    teardown_timeout: float = 60.0

    def longest(self, *, setup: bool, teardown: bool) -> float:
        """Return the upper bound of a run's length in seconds, for a script with or without these functions."""
        return self.with_graceful_stops + setup * self.setup_timeout + teardown * self.teardown_timeout


class _Lifecycle(Options):
    """The options of `setup` and `teardown`."""

    no_setup: bool = Field(default=False, alias="noSetup")
    no_teardown: bool = Field(default=False, alias="noTeardown")
    setup_timeout: Duration = Field(default=60.0, alias="setupTimeout")
    teardown_timeout: Duration = Field(default=60.0, alias="teardownTimeout")


class _Execution(_Lifecycle):
    """The options that say how a script is run. Without any: one iteration in one VU."""

    vus: Count | None = None
    iterations: Positive | None = None
    duration: Duration | None = None
    stages: list[Stage] = Field(default_factory=list[Stage])
    scenarios: dict[str, AnyScenario] = Field(default_factory=dict[str, AnyScenario])

    @model_validator(mode="after")
    def _one_way(self) -> "_Execution":
        ways = {
            # k6 itself derives one named `default` from the shortcuts, and sends both.
            "scenarios": bool(self.scenarios) and self.scenarios.keys() != {"default"},
            "stages": bool(self.stages),
            "iterations/duration": self.iterations is not None or self.duration is not None,
        }
        given = [name for name, used in ways.items() if used]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} cannot be used together")
        return self

    def resolved(self) -> Sequence[Scenario]:
        """The scenarios in the order of their start, made from the shortcuts where those are used."""
        ordered = sorted(self.scenarios.items(), key=lambda item: (item[1].start_time, item[0]))
        return [scenario for _, scenario in ordered] or [self._from_shortcuts()]

    def _from_shortcuts(self) -> Scenario:
        vus = 1 if self.vus is None else self.vus
        milliseconds = None if self.duration is None else self.duration * 1000
        if self.stages:
            return RampingVus.model_validate({"startVUs": vus, "stages": self.stages})
        if self.iterations is not None:
            shared = {"vus": vus, "iterations": self.iterations, "maxDuration": milliseconds}
            return SharedIterations.model_validate(shared)
        if milliseconds is not None:
            return ConstantVus.model_validate({"vus": vus, "duration": milliseconds})
        return PerVuIterations()


def load_of(options: Json) -> Load:
    """Return the load that k6 options describe. Raises OptionsError that names each wrong option."""
    try:
        execution = _Execution.model_validate(options)
        scenarios = execution.resolved()
    except ValidationError as error:
        raise OptionsError([_detail(item["loc"], item["msg"]) for item in error.errors()]) from None
    browser = [scenario for scenario in scenarios if scenario.is_browser]
    protocol = [scenario for scenario in scenarios if not scenario.is_browser]
    return Load(
        max_vus=_peak(scenarios),
        protocol_vus=_peak(protocol),
        browser_vus=_peak(browser),
        duration=_end(scenarios),
        timed_duration=_end(scenario for scenario in scenarios if scenario.timed),
        with_graceful_stops=max(_last_release(scenario) for scenario in scenarios),
        setup_timeout=0.0 if execution.no_setup else execution.setup_timeout,
        teardown_timeout=0.0 if execution.no_teardown else execution.teardown_timeout,
    )


def _end(scenarios: Iterable[Scenario]) -> float:
    return max((scenario.start_time + scenario.length for scenario in scenarios), default=0.0)


def _last_release(scenario: Scenario) -> float:
    """Return the moment at which the last VU is free, which is not before the scenario's own end."""
    steps = scenario.steps()
    released = max((after.at for before, after in pairwise(steps) if before.vus), default=0.0)
    return scenario.start_time + max(scenario.length, released)


def _peak(scenarios: Sequence[Scenario]) -> int:
    """The most VUs reserved at once, counted as k6 counts: changes of one moment in the order of scenarios."""
    changes = [
        (at, rank, change) for rank, scenario in enumerate(scenarios) for at, change in _changes(scenario)
    ]
    changes.sort(key=lambda change: change[:2])
    return max(accumulate(change for _, _, change in changes), default=0)


def _changes(scenario: Scenario) -> list[tuple[float, int]]:
    """When (to the microsecond) and by how much the reserved VUs change."""
    steps = [Step(0, 0), *scenario.steps()]
    return [
        (round(scenario.start_time + after.at, 6), after.vus - before.vus)
        for before, after in pairwise(steps)
    ]


def _detail(location: tuple[int | str, ...], message: str) -> ErrorDetail:
    # Below a scenario's name pydantic names the executor, which is no key of the options.
    path = location[:2] + location[3:] if location[:1] == ("scenarios",) else location
    target = ".".join(["options", *(str(part) for part in path)])
    return ErrorDetail(message=message.removeprefix("Value error, "), code="invalid", target=target)
