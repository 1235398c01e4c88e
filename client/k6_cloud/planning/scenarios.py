"""k6's scenarios: the executors with their defaults, and the VUs that each keeps reserved over time."""

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from k6_cloud.planning.durations import Duration
from k6_cloud.planning.ramps import Step, held, ramp

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
_LARGEST_RAMP = 200_000


class Options(BaseModel):
    """Part of a k6 options object: null counts as absent, keys that do not matter here are ignored."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None}  # pyright: ignore[reportUnknownVariableType]


class Stage(Options):
    """One leg of a ramp."""

    duration: Duration
    target: Count


class ScenarioOptions(Options):
    """`options` of a scenario; any `browser` makes it a browser scenario."""

    browser: dict[str, Any] | None = None


class Scenario(Options, ABC):
    """The base of all executors. `timed`: it lasts its whole length, however fast the script is."""

    timed: ClassVar[bool] = True

    start_time: Duration = Field(default=0.0, alias="startTime")
    graceful_stop: Duration = Field(default=30.0, alias="gracefulStop")
    options: ScenarioOptions = ScenarioOptions()

    @property
    def is_browser(self) -> bool:
        """Whether its VUs are browsers, which cost ten times as much."""
        return self.options.browser is not None

    @property
    @abstractmethod
    def length(self) -> float:
        """Seconds that it lasts, without the graceful stop."""

    @property
    @abstractmethod
    def peak(self) -> int:
        """The most VUs it can use."""

    def steps(self) -> list[Step]:
        """The VUs it reserves, counted from its own start."""
        return [Step(0, self.peak), Step(self.length + self.graceful_stop, 0)]


class ConstantVus(Scenario):
    """A fixed number of VUs for a fixed time."""

    executor: Literal["constant-vus"] = "constant-vus"
    vus: Positive = 1
    duration: Duration

    @property
    def length(self) -> float:
        return self.duration

    @property
    def peak(self) -> int:
        return self.vus


class _Iterations(Scenario):
    timed = False

    vus: Positive = 1
    iterations: Positive = 1
    max_duration: Duration = Field(default=600.0, alias="maxDuration")

    @property
    def length(self) -> float:
        return self.max_duration

    @property
    def peak(self) -> int:
        return self.vus


class SharedIterations(_Iterations):
    """A number of iterations shared by the VUs; `maxDuration` is the upper bound of its length."""

    executor: Literal["shared-iterations"] = "shared-iterations"

    @model_validator(mode="after")
    def _enough_iterations(self) -> "SharedIterations":
        if self.iterations < self.vus:
            raise ValueError(f"iterations ({self.iterations}) can't be less than vus ({self.vus})")
        return self


class PerVuIterations(_Iterations):
    """A number of iterations for each VU; `maxDuration` is the upper bound of its length."""

    executor: Literal["per-vu-iterations"] = "per-vu-iterations"


class RampingVus(Scenario):
    """VUs that ramp from stage to stage."""

    executor: Literal["ramping-vus"] = "ramping-vus"
    start_vus: Count = Field(default=1, alias="startVUs")
    stages: list[Stage] = Field(min_length=1)
    graceful_ramp_down: Duration = Field(default=30.0, alias="gracefulRampDown")

    @model_validator(mode="after")
    def _bounded(self) -> "RampingVus":
        targets = [self.start_vus, *(stage.target for stage in self.stages)]
        if not any(targets):
            raise ValueError("startVUs or a stage's target must be greater than 0")
        if sum(abs(after - before) for before, after in pairwise(targets)) > _LARGEST_RAMP:
            raise ValueError(f"ramps of up to {_LARGEST_RAMP} VUs in all can be planned")
        return self

    @property
    def length(self) -> float:
        return sum(stage.duration for stage in self.stages)

    @property
    def peak(self) -> int:
        return max(self.start_vus, *(stage.target for stage in self.stages))

    def steps(self) -> list[Step]:
        """The ramp, each VU reserved for `gracefulRampDown` after its release, all freed at the very end."""
        end = self.length + self.graceful_stop
        reached = ramp(self.start_vus, [(stage.duration, stage.target) for stage in self.stages])
        kept = held(reached, self.graceful_ramp_down) if self.graceful_ramp_down else reached
        return [*(step for step in kept if step.at <= end), Step(end, 0)]


class _Arrivals(Scenario):
    pre_allocated_vus: Count = Field(alias="preAllocatedVUs")
    max_vus: Positive | None = Field(default=None, alias="maxVUs")

    @model_validator(mode="after")
    def _enough_vus(self) -> "_Arrivals":
        if self.max_vus is not None and self.max_vus < self.pre_allocated_vus:
            raise ValueError("maxVUs can't be less than preAllocatedVUs")
        if self.peak == 0:
            raise ValueError("preAllocatedVUs or maxVUs must be greater than 0")
        return self

    @property
    def peak(self) -> int:
        return self.max_vus or self.pre_allocated_vus


class ConstantArrivalRate(_Arrivals):
    """A fixed rate of iterations for a fixed time."""

    executor: Literal["constant-arrival-rate"] = "constant-arrival-rate"
    duration: Duration

    @property
    def length(self) -> float:
        return self.duration


class RampingArrivalRate(_Arrivals):
    """A rate of iterations that ramps from stage to stage."""

    executor: Literal["ramping-arrival-rate"] = "ramping-arrival-rate"
    stages: list[Stage] = Field(min_length=1)

    @property
    def length(self) -> float:
        return sum(stage.duration for stage in self.stages)


class ExternallyControlled(Scenario):
    """VUs set from outside while the test runs; it can use `maxVUs` at any time, and stops at once."""

    executor: Literal["externally-controlled"] = "externally-controlled"
    graceful_stop: Duration = Field(default=0.0, alias="gracefulStop")
    vus: Count = 0
    max_vus: Positive | None = Field(default=None, alias="maxVUs")
    duration: Duration

    @property
    def length(self) -> float:
        return self.duration

    @property
    def peak(self) -> int:
        return self.max_vus or self.vus


AnyScenario = Annotated[
    ConstantVus
    | SharedIterations
    | PerVuIterations
    | RampingVus
    | ConstantArrivalRate
    | RampingArrivalRate
    | ExternallyControlled,
    Field(discriminator="executor"),
]
