"""Load zones, and the projects that may use the private ones.

They are names only: whatever zones a test uses, its load comes from the machine the sandbox runs on. A
project may use a private zone once it was allowed to, and every public one.
"""

import sqlite3
from collections.abc import Iterable

from k6_cloud.load_zones import AllowedProject, LoadZone
from k6_cloud_sandbox.errors import InvalidRequest, NotFound
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.projects import get_project

_COLUMNS = "id, name, k6_load_zone_id, available, public"
_OF_PROJECT = "id IN (SELECT load_zone_id FROM allowed_load_zones WHERE project_id = ?)"


class LoadZones:
    """The table of load zones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def projects(self, zone_id: int) -> list[AllowedProject]:
        """The projects that may use a private zone. Raises NotFound, also for a public one."""
        with self._database.read() as connection:
            _require_private_zone(connection, zone_id)
            return _projects(connection, zone_id)

    def set_projects(self, zone_id: int, project_ids: Iterable[int]) -> list[AllowedProject]:
        """Replace the projects that may use a private zone. Raises NotFound, InvalidRequest for a project."""
        with self._database.write() as connection:
            _require_private_zone(connection, zone_id)
            connection.execute("DELETE FROM allowed_load_zones WHERE load_zone_id = ?", [zone_id])
            for place, project_id in enumerate(project_ids):
                try:
                    get_project(connection, project_id)
                except NotFound as error:
                    raise InvalidRequest.field(f"value.{place}.id", str(error)) from None
                _allow(connection, project_id, zone_id)
            return _projects(connection, zone_id)

    def of_project(self, project_id: int) -> list[LoadZone]:
        """The private zones that a project may use. Raises NotFound."""
        with self._database.read() as connection:
            get_project(connection, project_id)
            return _zones(connection, _OF_PROJECT, project_id)

    def set_of_project(self, project_id: int, zone_ids: Iterable[int]) -> list[LoadZone]:
        """Replace the private zones that a project may use. Raises NotFound, InvalidRequest for a zone."""
        with self._database.write() as connection:
            get_project(connection, project_id)
            connection.execute("DELETE FROM allowed_load_zones WHERE project_id = ?", [project_id])
            for place, zone_id in enumerate(zone_ids):
                try:
                    _require_private_zone(connection, zone_id)
                except NotFound as error:
                    raise InvalidRequest.field(f"value.{place}.id", str(error)) from None
                _allow(connection, project_id, zone_id)
            return _zones(connection, _OF_PROJECT, project_id)

    def list(self, k6_load_zone_id: str | None = None) -> list[LoadZone]:
        """All zones, or the one that scripts name so."""
        with self._database.read() as connection:
            if k6_load_zone_id is None:
                return _zones(connection, "TRUE")
            return _zones(connection, "k6_load_zone_id = ?", k6_load_zone_id)


def usable_zones(connection: sqlite3.Connection, project_id: int) -> dict[str, str | None]:
    """All zones by the name scripts use, each with the reason why the project cannot use it, or None."""
    allowed = {zone.id for zone in _zones(connection, _OF_PROJECT, project_id)}
    return {zone.k6_load_zone_id: _objection(zone, allowed) for zone in _zones(connection, "TRUE")}


def _objection(zone: LoadZone, allowed: set[int]) -> str | None:
    if not zone.available:
        return "is not available at present"
    if not zone.public and zone.id not in allowed:
        return "is private, and the project is not allowed to use it"
    return None


def _zones(connection: sqlite3.Connection, condition: str, *values: object) -> list[LoadZone]:
    query = f"SELECT {_COLUMNS} FROM load_zones WHERE {condition} ORDER BY id"
    return [LoadZone.model_validate(dict(row)) for row in connection.execute(query, values)]


def _projects(connection: sqlite3.Connection, zone_id: int) -> list[AllowedProject]:
    query = (
        "SELECT id, name FROM projects JOIN allowed_load_zones ON project_id = id"
        " WHERE load_zone_id = ? ORDER BY id"
    )
    return [AllowedProject.model_validate(dict(row)) for row in connection.execute(query, [zone_id])]


def _require_private_zone(connection: sqlite3.Connection, zone_id: int) -> None:
    zones = _zones(connection, "id = ?", zone_id)
    if not zones:
        raise NotFound(f"Load zone {zone_id} not found.")
    if zones[0].public:
        raise NotFound(f"Load zone {zone_id} is public: every project may use it, and none can be named.")


def _allow(connection: sqlite3.Connection, project_id: int, zone_id: int) -> None:
    connection.execute("INSERT OR IGNORE INTO allowed_load_zones VALUES (?, ?)", [project_id, zone_id])
