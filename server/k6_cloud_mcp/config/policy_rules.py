"""The operator's policy, as it is written: in the environment, or in a TOML file."""

import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import MinLen
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)
from pydantic_settings import NoDecode

from k6_cloud_mcp_tools.guard.policy import ConfirmMode, Policy, QuietHours
from k6_cloud_mcp_tools.selection import TOOLS

_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)(?: (\S+))?")
GUARDED = frozenset(tool.name for tool in TOOLS if tool.is_guarded)


class RulesError(Exception):
    """Rules that cannot hold; the message says which and why."""


def split(value: object) -> object:
    """The names in a comma-separated text; anything else as it is."""
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _known(name: str) -> str:
    if name in GUARDED:
        return name
    raise ValueError(f"{name!r} is not a guarded tool; those are {', '.join(sorted(GUARDED))}")


def _hours(value: object) -> QuietHours:
    parts = _HOURS.fullmatch(str(value))
    try:
        if parts is not None:
            start, end, zone = parts.groups()
            return QuietHours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(zone or "UTC"))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        pass
    raise ValueError(f"{value!r} is not like 22:00-06:00 Europe/Berlin (a time zone of the IANA database)")


# Without NoDecode the settings would want JSON.
Tools = Annotated[frozenset[Annotated[str, AfterValidator(_known)]], NoDecode, BeforeValidator(split)]
Projects = Annotated[frozenset[PositiveInt], MinLen(1), NoDecode, BeforeValidator(split)]
_Hours = Annotated[QuietHours, BeforeValidator(_hours)]
ManyHours = Annotated[tuple[_Hours, ...], NoDecode, BeforeValidator(split)]


class Rules(BaseModel):
    """The rules that make a policy; what is not given is no rule."""

    model_config = ConfigDict(extra="forbid")

    confirm: ConfirmMode = "auto"
    allow: Tools = frozenset()
    projects: Projects | None = None
    max_vuh_per_run: PositiveFloat | None = None
    max_vuh_per_day: PositiveFloat | None = None
    max_vus: PositiveInt | None = None
    quiet_hours: ManyHours = ()

    def policy(self) -> Policy:
        """The policy. Raises RulesError for rules that contradict each other."""
        if self.allow and self.confirm in ("ask", "two_step"):
            raise RulesError(
                f"K6_MCP_ALLOW lets tools run without asking, K6_MCP_CONFIRM={self.confirm} forbids that. Set one of them."
            )
        if self.projects is not None and not self.projects:
            raise RulesError(
                "K6_MCP_PROJECTS names no project: nothing could be reached. Leave it out, or name one."
            )
        return Policy(**{name: getattr(self, name) for name in type(self).model_fields})


def read_rules(path: Path) -> dict[str, Any]:
    """The rules in a TOML file. Raises RulesError for one that cannot be read or has anything else in it."""
    try:
        given = tomllib.loads(path.read_text())
        Rules.model_validate(given)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"The policy file {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise RulesError(f"The policy file {path}: {problems(error)}") from error
    return given


def problems(error: ValidationError) -> str:
    """What is wrong, by name."""
    lines = [
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False)
    ]
    return "; ".join(lines)
