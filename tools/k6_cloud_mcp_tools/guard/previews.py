"""What a guarded tool says and is told: its preview, its result, and who confirmed it.

How a call is confirmed is decided in `rungs`, and carried out in `trial`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from k6_cloud.wrappers.dry_run import UnsentRequest
from k6_cloud_mcp_tools.guard.audit import Decider
from k6_cloud_mcp_tools.guard.policy import PlannedLoad

T = TypeVar("T")


@dataclass(frozen=True)
class Preview:
    """What a call would do. A confirmation is bound to all that is shown.

    `text` names everything the decision rests on; `details` is what only the one who decides sees, such as a
    diff: it is not kept in the audit. With `typed_name` the person has to type that name; without it, to
    choose to go ahead. `load` is what the call starts, for the ceilings of the policy.
    """

    text: str
    typed_name: str | None = None
    load: PlannedLoad | None = None
    details: str = ""

    @property
    def shown(self) -> str:
        """All that is shown."""
        return f"{self.text}\n{self.details}" if self.details else self.text


class Settled(Exception):
    """Raised by a previewer where nothing is left to do: `result` is the tool's result already."""

    def __init__(self, result: BaseModel) -> None:
        super().__init__("there is nothing left to do")
        self.result = result


@dataclass(frozen=True)
class Confirmed:
    """How a call was confirmed. `key` is a UUID for this one act: the same act has the same key."""

    by: Decider
    key: str


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


Previewer = Callable[..., Awaitable[Preview | None]]
