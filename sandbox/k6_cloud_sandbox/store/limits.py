"""The limits of projects."""

import sqlite3
from collections.abc import Sequence

from k6_cloud.limits import PatchProjectLimits, ProjectLimits
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.paging import Rows, Selection, Slice
from k6_cloud_sandbox.store.projects import get_project

_COLUMNS = (
    "id AS project_id, vuh_max_per_month, vu_max_per_test, vu_browser_max_per_test, duration_max_per_test"
)


class Limits:
    """The limits that the table of projects holds; null is no limit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, project_id: int) -> ProjectLimits:
        """The limits of a project. Raises NotFound."""
        with self._database.read() as connection:
            get_project(connection, project_id)
            return limits_of(connection, project_id)

    def list(self, part: Slice, project_ids: Sequence[int] = ()) -> Rows[ProjectLimits]:
        """A page of the limits of these projects, or of all where none are named."""
        conditions: list[tuple[str, object]] = []
        if project_ids:
            conditions.append(("id IN (SELECT value FROM json_each(?))", str([*project_ids])))
        with self._database.read() as connection:
            return Selection(_COLUMNS, "projects", conditions).fetch(connection, part, _limits)

    def update(self, project_id: int, patch: PatchProjectLimits) -> None:
        """Set the given limits. Raises NotFound."""
        changes = patch.model_dump(exclude_unset=True)
        with self._database.write() as connection:
            get_project(connection, project_id)
            if changes:
                columns = ", ".join(f"{column} = ?" for column in changes)
                connection.execute(
                    f"UPDATE projects SET {columns} WHERE id = ?", [*changes.values(), project_id]
                )


def limits_of(connection: sqlite3.Connection, project_id: int) -> ProjectLimits:
    """The limits of a project that exists."""
    return _limits(
        connection.execute(f"SELECT {_COLUMNS} FROM projects WHERE id = ?", [project_id]).fetchone()
    )


def _limits(row: sqlite3.Row) -> ProjectLimits:
    return ProjectLimits.model_validate(dict(row))
