"""The plan of a guarded call: its preview, the act, and the load that it starts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Self, TypeVar

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from k6_cloud.safe_text import escape
from k6_cloud.wrappers.dry_run import UnsentRequest
from k6_cloud_mcp_tools.guard.audit import Decider
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad
from k6_cloud_mcp_tools.guard.typed_names import is_typable

T = TypeVar("T", bound=BaseModel)
_LONGEST_RECAP = 1200


@dataclass(frozen=True)
class Preview:
    """The effect of a call, as it is shown. A confirmation is bound to all of it.

    `text` names everything the decision rests on; `details`, such as a diff, are not kept in the audit. With
    `typed_name` the person has to type that name; without it, to choose to go ahead.
    """

    text: str
    typed_name: str | None = None
    details: str = ""

    @classmethod
    def naming(cls, text: str, name: str, number: int) -> Self:
        """A preview of what cannot be undone: the name has to be typed, or the id if the name cannot be typed."""
        if is_typable(name):
            return cls(text, typed_name=name)
        return cls(
            f"{text} To confirm, type its id, {number}: its name has invisible characters.", str(number)
        )

    @property
    def shown(self) -> str:
        """All that is shown, with nothing that hides in it."""
        return escape(f"{self.text}\n{self.details}" if self.details else self.text)

    @property
    def recap(self) -> str:
        """The shown text, cut to what a result can repeat."""
        shown = self.shown
        if len(shown) <= _LONGEST_RECAP:
            return shown
        return f"{shown[:_LONGEST_RECAP]} … ({len(shown) - _LONGEST_RECAP} more characters were shown)"


@dataclass(frozen=True)
class Plan(Generic[T]):
    """The result of a guarded operation: nothing has been changed yet, and `act` does it.

    `act` reads again what the confirmation is bound to, acts, and reads back what it wrote. Without a `preview`
    there is nothing to confirm. `load` is what the act starts, now or later, for the ceilings of the policy.

    Only a start has `repeated`: it finds what an earlier call has done, confirmed at or after that moment.
    """

    preview: Preview | None
    act: Callable[[], Awaitable[T]]
    load: PlannedLoad | None = None
    repeated: Callable[[datetime], Awaitable[T | None]] | None = None


@dataclass(frozen=True)
class Settled(Generic[T]):
    """The result of a start in place of a plan if an earlier call made the run: `result` tells of it."""

    result: T


class Guarded(BaseModel, Generic[T]):
    """The result of a guarded call: done; what would be done and the token for it; or a dry run's request."""

    status: Literal["done", "confirmation_required", "dry_run"]
    confirmed_by: Decider | None = None
    preview: str | None = None
    confirmation_token: str | None = None
    request: UnsentRequest | None = None
    next: str | None = None
    result: T | None = None
    # For a view, which has the person type it. Not part of the result: a model has no use for it.
    typed_name: SkipJsonSchema[str | None] = Field(default=None, exclude=True)
