"""Changes of a run's state: to another status, or to its end. A run that has ended stays as it is."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from k6_cloud.models import ResultDetails, StatusExtra
from k6_cloud_sandbox.store.clock import now
from k6_cloud_sandbox.store.rows import column, history


@dataclass(frozen=True)
class Ending:
    """The last status of a run with its result. `extra` tells why; `facts` are further columns."""

    status: Literal["completed", "aborted"]
    result: Literal["passed", "failed", "error"]
    extra: StatusExtra = field(default_factory=StatusExtra)
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


def enter_status(
    connection: sqlite3.Connection,
    run_id: int,
    owner: str | None,
    status: str,
    extra: StatusExtra | None = None,
    facts: Mapping[str, object] | None = None,
) -> bool:
    """Add a status, and set the columns in `facts`. False when the run ended or is not `owner`'s."""
    row = connection.execute(
        "SELECT status_history FROM test_runs WHERE id = ? AND owner IS ? AND ended IS NULL", [run_id, owner]
    ).fetchone()
    if row is None:
        return False
    values = {
        "status": status,
        "status_history": history(row["status_history"], status, extra),
        **(facts or {}),
    }
    connection.execute(
        f"UPDATE test_runs SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?",
        [*map(column, values.values()), run_id],
    )
    return True


def end_run(connection: sqlite3.Connection, run_id: int, owner: str | None, ending: Ending) -> bool:
    """End a run. False when it ended before or is not `owner`'s."""
    details = ResultDetails(type=ending.result, message=ending.extra.message, code=ending.extra.code)
    facts = {**ending.facts, "result": ending.result, "result_details": details, "ended": now()}
    extra = ending.extra if ending.status == "aborted" else None
    return enter_status(connection, run_id, owner, ending.status, extra, facts)
