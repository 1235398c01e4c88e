"""The audit as it is read: one row for each guarded call, with its stages joined."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from k6_cloud_mcp_tools.guard.audit import Attempt, Decider

# A start that is retried, or a large upload, may take minutes; nothing takes longer.
_UNDER_WAY = timedelta(minutes=10)


class AuditRow(BaseModel):
    """One guarded call: when it began, who made it, what it was about, who decided, and how it ended."""

    id: str
    at: AwareDatetime
    caller: str
    client: str | None = None
    stack: str | None = None
    tool: str
    targets: dict[str, int] = {}
    decided_by: Decider | None = None
    outcome: str
    test_run_id: int | None = None
    detail: str | None = None
    preview: str | None = None


def joined(newest_first: Iterable[Attempt], limit: int, now: datetime | None = None) -> list[AuditRow]:
    """The last `limit` calls, the newest first."""
    calls: dict[str, list[Attempt]] = {}
    for attempt in newest_first:
        if attempt.id not in calls and len(calls) >= limit:
            break
        calls.setdefault(attempt.id, []).append(attempt)
    return [_row(stages, now or datetime.now(UTC)) for stages in calls.values()]


def visible_to(
    caller: str, attempts: Iterable[Attempt], projects: frozenset[int] | None = None
) -> list[Attempt]:
    """Return the entries that a caller may read: its own, about `projects` alone. The one local user may read any caller's."""
    return [one for one in attempts if caller in ("local", one.caller) and _is_within(one, projects)]


def _is_within(attempt: Attempt, projects: frozenset[int] | None) -> bool:
    if projects is None:
        return True
    # An entry that does not say which project it is about may be about another.
    return attempt.projects is not None and projects.issuperset(attempt.projects)


def _row(stages: Sequence[Attempt], now: datetime) -> AuditRow:
    """The row of a call from its stages, the last one first."""
    told: dict[str, object] = {}
    for stage in reversed(stages):
        told |= stage.model_dump(exclude_none=True, exclude={"stage", "arguments_sha256"})
    return AuditRow.model_validate(told | {"at": stages[-1].at, "outcome": _outcome(stages[0], now)})


def _outcome(last: Attempt, now: datetime) -> str:
    if last.stage != "begun":
        return last.stage
    return "under way" if now - last.at < _UNDER_WAY else "unknown (the server ended)"
