"""What a look at a script finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from k6_cloud_mcp_tools.lint.outline import UNKNOWN, Options, Outline, known

Severity = Literal["error", "warning", "hint"]
DEFAULT = "default"


class Finding(BaseModel):
    """One trap: where, what is wrong, why that matters, and how to mend it. Never quotes a secret.

    An `error` breaks the run or leaks something, a `warning` makes results or costs wrong, a `hint` may be meant so.
    """

    rule: str
    severity: Severity
    path: str | None = None
    line: int | None = None
    problem: str
    why: str
    fix: str


@dataclass(frozen=True)
class Rule:
    """A known trap; what it finds differs only in place and problem."""

    name: str
    severity: Severity
    why: str
    fix: str

    def at(self, line: int | None, problem: str) -> Finding:
        """The trap at a line."""
        return Finding(
            rule=self.name, severity=self.severity, line=line, problem=problem, why=self.why, fix=self.fix
        )


@dataclass
class Subject:
    """A script under the eyes of the checks: its entry file, all its own files, and its options.

    `options` are k6's own reading where there is one, else the literal ones, UNKNOWN where they are computed.
    `zones` are the load zones that exist; None where they are not known.
    """

    entry: Outline
    files: Mapping[str, Outline]
    options: Any = UNKNOWN
    zones: frozenset[str] | None = None
    literal: Options = field(init=False)

    def __post_init__(self) -> None:
        self.literal = self.entry.options

    def line(self, *path: str) -> int | None:
        """The line of an option."""
        return self.literal.line(*path)

    @property
    def scenarios(self) -> Mapping[str, Any]:
        """The scenarios with their settings; empty where there are none or they are not known."""
        found = known(self.options, "scenarios")
        return found if isinstance(found, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]

    @property
    def executors(self) -> set[str]:
        """The executors that are named in full."""
        names = (known(scenario, "executor") for scenario in self.scenarios.values())
        return {name for name in names if isinstance(name, str)}

    @property
    def entries(self) -> set[str]:
        """The names of the functions that VUs run."""
        if not self.scenarios:
            return {DEFAULT}
        names = (known(scenario, "exec") or DEFAULT for scenario in self.scenarios.values())
        return {name for name in names if isinstance(name, str)}

    def calls(self, *names: str) -> Iterable[int]:
        """The lines where any file calls one of these."""
        return [call.line for file in self.files.values() for call in file.calls if call.name in names]
