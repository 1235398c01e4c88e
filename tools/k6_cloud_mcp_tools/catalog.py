"""The catalogue: every operation there is, by toolset, in the order a newcomer reads it."""

import difflib
from collections.abc import Collection, Iterable

from k6_cloud_mcp_tools import (
    charts,
    labels,
    limits,
    linting,
    load_tests,
    load_zones,
    metrics,
    options,
    projects,
    schedules,
    scripts,
    test_run_records,
    test_runs,
    uploads,
)
from k6_cloud_mcp_tools.operation import Operation

TOOLSETS: dict[str, list[Operation]] = {
    "load_tests": [*load_tests.OPERATIONS, *options.OPERATIONS],
    "scripts": [
        *scripts.OPERATIONS,
        *linting.OPERATIONS,
        *uploads.OPERATIONS,
        *test_run_records.SCRIPT_OPERATIONS,
    ],
    "test_runs": [*test_runs.OPERATIONS, *test_run_records.OPERATIONS],
    "metrics": metrics.OPERATIONS,
    "schedules": schedules.OPERATIONS,
    "projects": projects.OPERATIONS,
    "load_zones": load_zones.OPERATIONS,
    "limits": limits.OPERATIONS,
    "labels": labels.OPERATIONS,
    "charts": charts.OPERATIONS,
}
# What the daily job needs. Each toolset costs every user room in every turn, so the rest is opt-in.
DEFAULT_TOOLSETS = ("load_tests", "scripts", "test_runs", "metrics", "schedules", "projects")
OPERATIONS = [operation for operations in TOOLSETS.values() for operation in operations]


class SelectionError(ValueError):
    """A toolset or tool that does not exist was asked for."""


def select(
    toolsets: Iterable[str] = DEFAULT_TOOLSETS,
    tools: Collection[str] = (),
    exclude: Collection[str] = (),
    *,
    read_only: bool = False,
) -> list[Operation]:
    """The operations of some toolsets and single tools, less some, in catalogue order.

    `all` stands for every toolset. `read_only` removes every write, whatever else asks for it.
    Raises SelectionError for a name that does not exist.
    """
    chosen = [*toolsets]
    _require_known("toolset", chosen, ["all", *TOOLSETS])
    _require_known("tool", [*tools, *exclude], [operation.name for operation in OPERATIONS])
    wanted = {
        operation.name
        for name, members in TOOLSETS.items()
        for operation in members
        if {name, "all"} & {*chosen}
    }
    wanted = (wanted | {*tools}) - {*exclude}
    return [one for one in OPERATIONS if one.name in wanted and not (read_only and one.writes)]


def _require_known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise SelectionError(f"There is no {kind} {name!r}.{hint} Known: {', '.join(known)}.")
