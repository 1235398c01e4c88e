"""The audit: every stage of a guarded call as a line in a file, and as an OpenTelemetry event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Self

from anyio import to_thread
from opentelemetry import trace
from pydantic import ValidationError

from k6_cloud.redaction import REDACTED
from k6_cloud.scripts.script import MIB
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.state.journal import Journal
from k6_cloud_mcp.telemetry.metrics import Measures
from k6_cloud_mcp_tools.guard.audit import Attempt

EVENT = "k6_cloud_mcp.attempt"
# What tells nothing beyond ids and names of tools; a preview or an error can quote names of tests.
_EVENT_FIELDS = (
    "id",
    "stage",
    "tool",
    "caller",
    "client",
    "stack",
    "decided_by",
    "arguments_sha256",
    "test_run_id",
)
_TEXTS = ("caller", "client", "preview", "detail")
# A shorter secret may be a word that the record needs.
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Audit:
    """Keeps attempts in `journal`, without any of `secrets`. With no journal it only tells of them.

    With `stack` it is the part of the audit that is about this stack.
    """

    journal: Journal | None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    stack: str | None = None
    measures: Measures | None = None

    def of_stack(self, stack: str, secret: str) -> Self:
        """The audit of one stack, which does not quote its `secret` either."""
        return replace(self, stack=stack, secrets=(*self.secrets, secret.strip()))

    async def record(self, attempt: Attempt) -> None:
        """Keep an attempt for good before returning. Raises OSError where that is not possible."""
        clean = self._without_secrets(attempt)
        _tell(clean)
        if self.measures is not None:
            self.measures.decided(clean.stage, clean.decided_by or "nobody")
        if self.journal is not None:
            await to_thread.run_sync(self.journal.append, clean.model_dump_json(exclude_none=True))

    async def newest(self, limit: int) -> Sequence[Attempt]:
        """The last `limit` records, newest first. Raises OSError."""
        if (journal := self.journal) is None:
            return []
        return await to_thread.run_sync(lambda: [*islice(self._own(journal), limit)])

    def _own(self, journal: Journal) -> Iterator[Attempt]:
        return (one for one in attempts_in(journal) if self.stack in (None, one.stack))

    def _without_secrets(self, attempt: Attempt) -> Attempt:
        """The attempt with our own secrets replaced: whatever a text quotes, it is not they."""
        texts = {name: text for name in _TEXTS if (text := getattr(attempt, name))}
        clean = {name: self._clean(text) for name, text in texts.items()}
        return attempt.model_copy(update=clean | {"stack": self.stack})

    def _clean(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, REDACTED)
        return text


def journal_of(settings: Settings) -> Journal | None:
    """Return the audit file of these settings; None if it is off."""
    path = settings.audit_path
    return Journal(path, settings.audit_max_mib * MIB) if path else None


def audit_of(settings: Settings, measures: Measures | None = None) -> Audit:
    """The audit for these settings."""
    known = (settings.token, settings.http_token, settings.shared_key)
    secrets = tuple(secret.get_secret_value().strip() for secret in known if secret)
    return Audit(journal_of(settings), secrets, measures=measures)


def attempts_in(journal: Journal) -> Iterator[Attempt]:
    """The records, newest first. A line that is none, such as a torn one, is skipped. Raises OSError."""
    for line in journal.newest():
        try:
            yield Attempt.model_validate_json(line)
        except ValidationError:
            continue


def _tell(attempt: Attempt) -> None:
    """Add the attempt to the span that is open, if there is one."""
    values: dict[str, Any] = {name: getattr(attempt, name) for name in _EVENT_FIELDS}
    values |= {f"target.{name}": number for name, number in attempt.targets.items()}
    attributes = {f"k6_cloud_mcp.{name}": value for name, value in values.items() if value is not None}
    trace.get_current_span().add_event(EVENT, attributes, int(attempt.at.timestamp() * 1_000_000_000))
