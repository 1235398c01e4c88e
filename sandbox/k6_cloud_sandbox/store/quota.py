"""The quota of a project: its limits, and its load zones."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from k6_cloud.limits import ProjectLimits
from k6_cloud_sandbox.store.clock import moment
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.limits import limits_of
from k6_cloud_sandbox.store.load_zones import usable_zones
from k6_cloud_sandbox.store.projects import get_project


@dataclass(frozen=True)
class Allowance:
    """A project's limits, the VUh its runs of this month cost so far, and all zones with what forbids each."""

    limits: ProjectLimits
    used_vuh: float
    zones: Mapping[str, str | None]


class Allowances:
    """The allowances of projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_project(self, project_id: int) -> Allowance:
        """The allowance of a project. Raises NotFound."""
        with self._database.read() as connection:
            get_project(connection, project_id)
            return allowance_of(connection, project_id)


def allowance_of(connection: sqlite3.Connection, project_id: int) -> Allowance:
    """The allowance of a project that exists."""
    return Allowance(
        limits_of(connection, project_id), _used(connection, project_id), usable_zones(connection, project_id)
    )


def _used(connection: sqlite3.Connection, project_id: int) -> float:
    """The VUh of the calendar month (UTC): charges of runs that ended, estimates of runs under way.

    Runs that were deleted do not count.
    """
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    query = (
        "SELECT total(json_extract(cost, '$.total_vuh')) FROM test_runs"
        " JOIN load_tests ON load_tests.id = test_id WHERE project_id = ? AND test_runs.created >= ?"
    )
    return connection.execute(query, [project_id, moment(month)]).fetchone()[0]
