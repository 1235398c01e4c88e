"""Projects."""

import json
import sqlite3

from k6_cloud.models import Project
from k6_cloud_sandbox.errors import Conflict, NotFound
from k6_cloud_sandbox.store.clock import now
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.paging import Rows, Selection, Slice
from k6_cloud_sandbox.store.scripts import drop_unused_scripts

_LARGEST_NUMBER = 1000
_COLUMNS = (
    "id, name, is_default, created, updated, (SELECT json_group_object(key, value) FROM"
    " (SELECT key, value FROM project_labels JOIN label_keys ON label_keys.id = key_id"
    " WHERE project_id = projects.id ORDER BY key)) AS labels"
)


class Projects:
    """The table of projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, is_default: bool = False) -> Project:
        """A new project. Raises Conflict when the name is taken or there are too many."""
        with self._database.write() as connection:
            count: int = connection.execute("SELECT COUNT(*) FROM projects").fetchone()[0]
            if count >= _LARGEST_NUMBER:
                raise Conflict(f"The maximum number of projects ({_LARGEST_NUMBER}) is reached.")
            _require_free_name(connection, name)
            time = now()
            cursor = connection.execute(
                "INSERT INTO projects (name, is_default, created, updated) VALUES (?, ?, ?, ?)",
                [name, is_default, time, time],
            )
            return get_project(connection, cursor.lastrowid or 0)

    def get(self, project_id: int) -> Project:
        """One project. Raises NotFound."""
        with self._database.read() as connection:
            return get_project(connection, project_id)

    def default(self) -> Project | None:
        """The project used where none is named; None in a database that has no projects yet."""
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM projects WHERE is_default").fetchone()
            return _project(row) if row else None

    def list(self, part: Slice, name: str | None = None, name_search: str | None = None) -> Rows[Project]:
        """A page of the projects called `name`, or with `name_search` in their name, whatever its case."""
        conditions: list[tuple[str, object]] = []
        if name is not None:
            conditions.append(("name = ?", name))
        if name_search is not None:
            conditions.append(("instr(lower(name), lower(?)) > 0", name_search))
        with self._database.read() as connection:
            return Selection(_COLUMNS, "projects", conditions).fetch(connection, part, _project)

    def rename(self, project_id: int, name: str) -> None:
        """Give a project another name. Raises NotFound, or Conflict when the name is taken."""
        with self._database.write() as connection:
            if get_project(connection, project_id).name != name:
                _require_free_name(connection, name)
            update = "UPDATE projects SET name = ?, updated = ? WHERE id = ?"
            connection.execute(update, [name, now(), project_id])

    def delete(self, project_id: int) -> None:
        """Delete a project with its tests and their runs.

        Raises NotFound, or Conflict while one of its tests runs and for the default project.
        """
        with self._database.write() as connection:
            if get_project(connection, project_id).is_default:
                raise Conflict("Cannot delete the default project.")
            _require_no_run_under_way(connection, project_id)
            connection.execute("DELETE FROM load_tests WHERE project_id = ?", [project_id])
            connection.execute("DELETE FROM projects WHERE id = ?", [project_id])
            drop_unused_scripts(connection)


def get_project(connection: sqlite3.Connection, project_id: int) -> Project:
    """One project. Raises NotFound."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM projects WHERE id = ?", [project_id]).fetchone()
    if row is None:
        raise NotFound(f"Project {project_id} not found.")
    return _project(row)


def _require_free_name(connection: sqlite3.Connection, name: str) -> None:
    if connection.execute("SELECT 1 FROM projects WHERE name = ?", [name]).fetchone():
        raise Conflict("Project name is already in use.", "name")


def _require_no_run_under_way(connection: sqlite3.Connection, project_id: int) -> None:
    query = (
        "SELECT 1 FROM test_runs JOIN load_tests ON load_tests.id = test_id"
        " WHERE project_id = ? AND ended IS NULL"
    )
    if connection.execute(query, [project_id]).fetchone():
        raise Conflict("Cannot delete project with a running test.")


def _project(row: sqlite3.Row) -> Project:
    labels = json.loads(row["labels"])
    return Project.model_validate({**dict(row), "grafana_folder_uid": None, "labels": labels})
