"""Attempts: what a guarded call tried to do, who decided, and how it ended."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, Field

Decider = Literal["person", "token", "policy", "not needed"]
Stage = Literal["offered", "asked", "refused", "dry run", "begun", "done", "failed", "unknown"]


class Attempt(BaseModel):
    """One stage of a guarded call, without secrets: arguments only as a digest, and the ids among them.

    One call has one `id`; with a token, or where questions travel in results, offer (or question) and act are
    two calls. `begun` is recorded before anything is sent; `done`, `failed` (nothing was done) or `unknown` (the answer
    was lost) follows with the same `id`. Only `begun` without any of them means that the server ended meanwhile.
    `projects` are those of the objects that the call read; None if it is not known which the call is about.
    """

    id: str = Field(default_factory=lambda: uuid4().hex)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    stage: Stage
    tool: str
    caller: str
    client: str | None = None
    stack: str | None = None
    decided_by: Decider | None = None
    targets: dict[str, int] = {}
    projects: tuple[int, ...] | None = None
    arguments_sha256: str
    preview: str | None = None
    detail: str | None = None
    test_run_id: int | None = None


class AuditLog(Protocol):
    """A log of guarded calls."""

    async def record(self, attempt: Attempt) -> None:
        """Keep an attempt for good before returning. Raises OSError where that is not possible."""
        ...

    async def newest(self, limit: int) -> Sequence[Attempt]:
        """The last `limit` records, newest first."""
        ...


class NoAudit:
    """Keeps nothing."""

    async def record(self, attempt: Attempt) -> None:
        """Forget it."""

    async def newest(self, limit: int) -> Sequence[Attempt]:
        """Nothing."""
        del limit
        return []
