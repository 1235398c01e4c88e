"""Load tests and their scripts."""

import sqlite3

from k6_cloud.models import LoadTest, PatchLoadTest
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.errors import Conflict, InvalidRequest, NotFound
from k6_cloud_sandbox.store.clock import now
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.paging import Rows, Selection, Slice
from k6_cloud_sandbox.store.projects import get_project
from k6_cloud_sandbox.store.scripts import add_script, drop_unused_scripts, read_script

_COLUMNS = "id, project_id, name, baseline_test_run_id, k6_version, created, updated"


class LoadTests:
    """The table of load tests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, project_id: int, name: str, script: Script | None = None, k6_version: int | None = None
    ) -> LoadTest:
        """A new test. Raises NotFound for the project, Conflict when the name is taken in it."""
        with self._database.write() as connection:
            get_project(connection, project_id)
            _require_free_name(connection, project_id, name, "The name is already taken.")
            time = now()
            cursor = connection.execute(
                "INSERT INTO load_tests (project_id, name, script_id, k6_version, created, updated)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [project_id, name, script and add_script(connection, script), k6_version, time, time],
            )
            return get_load_test(connection, cursor.lastrowid or 0)

    def get(self, test_id: int) -> LoadTest:
        """One test. Raises NotFound."""
        with self._database.read() as connection:
            return get_load_test(connection, test_id)

    def list(self, part: Slice, project_id: int | None = None, name: str | None = None) -> Rows[LoadTest]:
        """A page of all tests, or of one project's; `name` matches exactly. Raises NotFound for the project."""
        conditions: list[tuple[str, object]] = []
        with self._database.read() as connection:
            if project_id is not None:
                get_project(connection, project_id)
                conditions.append(("project_id = ?", project_id))
            if name is not None:
                conditions.append(("name = ?", name))
            return Selection(_COLUMNS, "load_tests", conditions).fetch(connection, part, _load_test)

    def update(self, test_id: int, patch: PatchLoadTest) -> None:
        """Set the given fields. Raises NotFound, Conflict for the name, InvalidRequest for the baseline."""
        changes = patch.model_dump(exclude_unset=True)
        with self._database.write() as connection:
            test = get_load_test(connection, test_id)
            if changes.get("name", test.name) != test.name:
                _require_free_name(connection, test.project_id, patch.name, "The name is already taken.")
            if patch.baseline_test_run_id is not None:
                _require_run_of(connection, test_id, patch.baseline_test_run_id)
            if changes:
                columns = ", ".join(f"{column} = ?" for column in changes)
                connection.execute(
                    f"UPDATE load_tests SET {columns}, updated = ? WHERE id = ?",
                    [*changes.values(), now(), test_id],
                )

    def move(self, test_id: int, project_id: int) -> None:
        """Move a test, and its runs with it. Raises NotFound for either, Conflict when the name is taken there."""
        with self._database.write() as connection:
            test = get_load_test(connection, test_id)
            get_project(connection, project_id)
            if test.project_id == project_id:
                return
            _require_free_name(
                connection, project_id, test.name, "Test with the same name exists in the destination."
            )
            connection.execute(
                "UPDATE load_tests SET project_id = ?, updated = ? WHERE id = ?", [project_id, now(), test_id]
            )

    def delete(self, test_id: int) -> None:
        """Delete a test with its runs. Raises NotFound, or Conflict while one of them is under way."""
        with self._database.write() as connection:
            get_load_test(connection, test_id)
            if connection.execute(
                "SELECT 1 FROM test_runs WHERE test_id = ? AND ended IS NULL", [test_id]
            ).fetchone():
                raise Conflict("Cannot delete test while it's running.")
            connection.execute("DELETE FROM load_tests WHERE id = ?", [test_id])
            drop_unused_scripts(connection)

    def script(self, test_id: int) -> Script:
        """The script, which the caller closes. Raises NotFound for the test, or when it has none."""
        with self._database.read() as connection:
            get_load_test(connection, test_id)
            script_id = script_of_test(connection, test_id)
            if script_id is None:
                raise NotFound("The load test has no script.")
            return read_script(connection, script_id)

    def set_script(self, test_id: int, script: Script) -> None:
        """Replace the script. As in the real service, `updated` stays as it is. Raises NotFound."""
        with self._database.write() as connection:
            get_load_test(connection, test_id)
            connection.execute(
                "UPDATE load_tests SET script_id = ? WHERE id = ?", [add_script(connection, script), test_id]
            )
            drop_unused_scripts(connection)


def get_load_test(connection: sqlite3.Connection, test_id: int) -> LoadTest:
    """One test. Raises NotFound."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM load_tests WHERE id = ?", [test_id]).fetchone()
    if row is None:
        raise NotFound(f"Load test {test_id} not found.")
    return _load_test(row)


def script_of_test(connection: sqlite3.Connection, test_id: int) -> int | None:
    """The row of the test's present script."""
    return connection.execute("SELECT script_id FROM load_tests WHERE id = ?", [test_id]).fetchone()[
        "script_id"
    ]


def _require_free_name(connection: sqlite3.Connection, project_id: int, name: str, message: str) -> None:
    taken = "SELECT 1 FROM load_tests WHERE project_id = ? AND name = ?"
    if connection.execute(taken, [project_id, name]).fetchone():
        raise Conflict(message, "name")


def _require_run_of(connection: sqlite3.Connection, test_id: int, run_id: int) -> None:
    if not connection.execute(
        "SELECT 1 FROM test_runs WHERE id = ? AND test_id = ?", [run_id, test_id]
    ).fetchone():
        raise InvalidRequest.field("baseline_test_run_id", f"Test run {run_id} is no run of this load test.")


def _load_test(row: sqlite3.Row) -> LoadTest:
    return LoadTest.model_validate(dict(row))
