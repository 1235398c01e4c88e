"""The results of lint: rules, and the findings that they report."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

Severity = Literal["error", "warning", "hint"]


class Finding(BaseModel):
    """One problem: its place, what is wrong, why that matters, and how to fix it. Never quotes a secret.

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
    """A kind of problem. Its findings differ only in place and problem."""

    name: str
    severity: Severity
    why: str
    fix: str

    def at(self, line: int | None, problem: str, fix: str | None = None) -> Finding:
        """A finding at a line; `fix` replaces the rule's own advice."""
        return Finding(
            rule=self.name,
            severity=self.severity,
            line=line,
            problem=problem,
            why=self.why,
            fix=fix or self.fix,
        )
