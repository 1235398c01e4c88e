"""The operator's policy: who may confirm, what needs no confirmation, and what nobody may exceed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from annotated_types import Gt, MinLen
from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, PrivateAttr

from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours, read_hours

ConfirmMode = Literal["auto", "ask", "two_step", "policy"]

_CONFIRMED = {
    "auto": "a person confirms where possible, else a token",
    "ask": "only a person confirms",
    "two_step": "only tokens confirm",
    "policy": "nobody confirms: what is not allowed is refused",
}
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def split(value: object) -> object:
    """The names in a comma-separated text; a single number as a list; anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def plain_number(value: object) -> object:
    """The value. Raises ValueError for a boolean, and for a text such as `1_0`, which Python reads as a number."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
        raise ValueError(f"{value!r} is not a plain number, such as 20 or 2.5")
    return value


def _stricter(ours: str, theirs: str) -> str:
    return "ask" if theirs == "ask" else ours


def _lower(ours: float | None, theirs: float | None) -> float | None:
    return min((ceiling for ceiling in (ours, theirs) if ceiling is not None), default=None)


def _in_both(ours: frozenset[Any] | None, theirs: frozenset[Any] | None) -> frozenset[Any] | None:
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    return ours & theirs


def _together(ours: tuple[QuietHours, ...], theirs: tuple[QuietHours, ...]) -> tuple[QuietHours, ...]:
    return tuple(dict.fromkeys((*ours, *theirs)))


@dataclass(frozen=True)
class _TightenedBy:
    """Marks a rule with the way in which two policies are combined."""

    combine: Callable[[Any, Any], Any]


PositiveInteger = Annotated[int, BeforeValidator(plain_number), Gt(0)]
_Vuh = Annotated[float, BeforeValidator(plain_number), Gt(0), AllowInfNan(False)]
_Projects = Annotated[frozenset[PositiveInteger], MinLen(1)]
_Hours = Annotated[QuietHours, BeforeValidator(read_hours)]


class PolicyRules(BaseModel):
    """The rules of a policy, as they are written in the environment, a file, a token or a header.

    `confirm`: `ask` never falls back to tokens, `two_step` never asks the person, `auto` asks where it can,
    `policy` asks nobody: what is not in `allow` is refused. `auto` does what is in `allow` without asking, too.
    `projects` limits every call, reads included. Without a ceiling (None) there is none; they hold whoever
    confirms, and an unknown cost is over any.
    """

    confirm: Annotated[ConfirmMode, _TightenedBy(_stricter)] = "auto"
    allow: Annotated[frozenset[str], BeforeValidator(split), _TightenedBy(_in_both)] = frozenset()
    projects: Annotated[_Projects | None, BeforeValidator(split), _TightenedBy(_in_both)] = None
    max_vuh_per_run: Annotated[_Vuh | None, _TightenedBy(_lower)] = None
    max_vuh_per_day: Annotated[_Vuh | None, _TightenedBy(_lower)] = None
    max_vus: Annotated[PositiveInteger | None, _TightenedBy(_lower)] = None
    quiet_hours: Annotated[tuple[_Hours, ...], BeforeValidator(split), _TightenedBy(_together)] = ()


_COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    name: one.combine
    for name, field in PolicyRules.model_fields.items()
    for one in field.metadata
    if isinstance(one, _TightenedBy)
}


class Policy(PolicyRules):
    """The rules in force, which can be tightened and never loosened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _only: frozenset[str] | None = PrivateAttr(None)

    @property
    def only(self) -> frozenset[str] | None:
        """The operations that a person may confirm under `ask`; None for all of them."""
        return self._only

    @property
    def only_project(self) -> int | None:
        """The project, where there can be no other."""
        return next(iter(self.projects)) if self.projects and len(self.projects) == 1 else None

    def tightened_by(self, rules: "Policy") -> Self:
        """This policy with what `rules` set on top: of two ceilings the lower, of two lists what is in both."""
        given = rules.model_fields_set
        stricter = {name: _COMBINE[name](getattr(self, name), getattr(rules, name)) for name in given}
        tightened = self.model_copy(update=stricter)
        if self.confirm == "policy" and tightened.confirm == "ask":
            # A policy that lets nobody confirm what it does not allow goes on refusing that.
            tightened._only = self.allow
        return tightened

    def __str__(self) -> str:
        ceilings = {
            "VUh per run": self.max_vuh_per_run,
            "VUh per day": self.max_vuh_per_day,
            "VUs": self.max_vus,
        }
        named = None if self.projects is None else ", ".join(map(str, sorted(self.projects)))
        parts = [
            _CONFIRMED[self.confirm],
            f"without asking: {', '.join(sorted(self.allow))}" if self.allow else "nothing without asking",
            "all projects" if named is None else f"projects {named} only" if named else "no project",
            *(f"at most {ceiling:g} {unit}" for unit, ceiling in ceilings.items() if ceiling is not None),
            *(f"no starts {hours}" for hours in self.quiet_hours),
        ]
        return "; ".join(parts)
