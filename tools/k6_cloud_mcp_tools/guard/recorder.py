"""One guarded call on its way into the audit."""

import hashlib
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.errors import K6CloudError, NoAnswer, ServerFailure
from k6_cloud_mcp_tools.guard.audit import Attempt, AuditLog, Decider, Stage
from k6_cloud_mcp_tools.guard.confirmations import ConfirmationRefused
from k6_cloud_mcp_tools.guard.plan import Preview
from k6_cloud_mcp_tools.verified_writes import Unverified

_EXPECTED = (ToolError, K6CloudError, ConfirmationRefused)
_OPEN = (NoAnswer, ServerFailure, Unverified)
logger = logging.getLogger(__name__)


@dataclass
class Record:
    """A guarded call; `projects`, `preview` and `by` are filled in as they become known."""

    audit: AuditLog
    tool: str
    arguments: dict[str, Any]
    caller: str
    client: str | None
    projects: set[int] = field(default_factory=set[int])
    preview: Preview | None = None
    by: Decider | None = None
    id: str = field(default_factory=lambda: uuid4().hex)

    @cached_property
    def arguments_sha256(self) -> str:
        """A digest of the arguments, among which a script may be: worked out once."""
        arguments = json.dumps(self.arguments, sort_keys=True, default=str).encode()
        return hashlib.sha256(arguments).hexdigest()

    async def begin(self) -> None:
        """Record that it begins. Raises ToolError where that cannot be recorded: then it must not begin."""
        try:
            await self.audit.record(self._attempt("begun"))
        except OSError as error:
            raise ToolError(
                f"Not done: the attempt cannot be recorded in the audit file ({error}). Ask the operator to make room "
                "for K6_MCP_AUDIT_FILE, or to turn the audit off."
            ) from error

    async def note(self, stage: Stage, detail: str | None = None, result: object = None) -> None:
        """Record a stage that changes nothing, or an end. It is kept even while the call is being cancelled."""
        with anyio.CancelScope(shield=True):
            try:
                await self.audit.record(self._attempt(stage, detail, _run_of(result)))
            except OSError as error:
                logger.error("%s: its stage %r could not be recorded: %s", self.tool, stage, error)

    @asynccontextmanager
    async def refusals(self) -> AsyncGenerator[None, None]:
        """Record why the call was refused before anything began."""
        try:
            yield
        except _EXPECTED as error:
            await self.note("refused", str(error))
            raise

    @asynccontextmanager
    async def ending(self) -> AsyncGenerator[None, None]:
        """Record how the call ended that began and did not succeed."""
        try:
            yield
        except _EXPECTED as error:
            await self.note("unknown" if _is_open(error) else "failed", str(error))
            raise
        except BaseException as error:
            await self.note("unknown", f"ended by {type(error).__name__}")
            raise

    def _attempt(self, stage: Stage, detail: str | None = None, run: int | None = None) -> Attempt:
        return Attempt(
            id=self.id,
            stage=stage,
            tool=self.tool,
            caller=self.caller,
            client=self.client,
            decided_by=self.by,
            targets=_targets(self.arguments),
            projects=tuple(sorted(self.projects)) or None,
            arguments_sha256=self.arguments_sha256,
            preview=self.preview.text if self.preview else None,
            detail=detail,
            test_run_id=run,
        )


def _targets(arguments: dict[str, Any]) -> dict[str, int]:
    """The ids among the arguments: what the call is about."""
    return {
        name: value for name, value in arguments.items() if name.endswith("_id") and isinstance(value, int)
    }


def _run_of(result: object) -> int | None:
    run = getattr(result, "test_run_id", None) if isinstance(result, BaseModel) else None
    return run if isinstance(run, int) else None


def _is_open(error: BaseException) -> bool:
    """Whether the service may have done it all the same."""
    return isinstance(error, _OPEN) or isinstance(error.__cause__, _OPEN)
