"""The operator's policy: who may confirm, what needs no asking, and what no one may exceed."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

ConfirmMode = Literal["auto", "ask", "two_step", "policy"]

_CONFIRMED = {
    "auto": "a person confirms where possible, else a token",
    "ask": "only a person confirms",
    "two_step": "only tokens confirm",
    "policy": "nobody confirms: what is not allowed is refused",
}


@dataclass(frozen=True)
class QuietHours:
    """A span of every day in which no load test starts; it may pass midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def __contains__(self, moment: datetime) -> bool:
        at = moment.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"


@dataclass(frozen=True)
class PlannedLoad:
    """What a call would start: the price of one run (None: unknown), its VUs, and when it starts by itself.

    `runs_per_day` is the most starts within 24 hours. Without `starts` it starts at once.
    """

    vuh: float | None
    max_vus: int | None
    runs_per_day: int = 1
    starts: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Policy:
    """What the operator set. Without a ceiling (None) there is none.

    `confirm`: `ask` never falls back to tokens, `two_step` never asks the person, `auto` asks where it can,
    `policy` asks nobody: what is not in `allow` is refused. `auto` does what is in `allow` without asking, too.
    With `only`, other guarded operations are refused under `ask` as well.
    `projects` limits every call, reads included. Ceilings hold whoever confirms; an unknown cost is over any.
    """

    confirm: ConfirmMode = "auto"
    allow: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    projects: frozenset[int] | None = None
    max_vuh_per_run: float | None = None
    max_vuh_per_day: float | None = None
    max_vus: int | None = None
    quiet_hours: tuple[QuietHours, ...] = ()

    @property
    def only_project(self) -> int | None:
        """The project, where there can be no other."""
        return next(iter(self.projects)) if self.projects and len(self.projects) == 1 else None

    def __str__(self) -> str:
        ceilings = {
            "VUh per run": self.max_vuh_per_run,
            "VUh per day": self.max_vuh_per_day,
            "VUs": self.max_vus,
        }
        parts = [
            _CONFIRMED[self.confirm],
            f"without asking: {', '.join(sorted(self.allow))}" if self.allow else "nothing without asking",
            f"projects {', '.join(map(str, sorted(self.projects)))} only"
            if self.projects
            else "all projects",
            *(f"at most {ceiling:g} {unit}" for unit, ceiling in ceilings.items() if ceiling is not None),
            *(f"no starts {hours}" for hours in self.quiet_hours),
        ]
        return "; ".join(parts)
