"""Label keys of the organisation, and the labels of projects. Both are told apart by case."""

import sqlite3
from collections.abc import Iterable, Sequence

from k6_cloud.labels import LabelKey, NewLabelKey, NewProjectLabel, PatchLabelKey, ProjectLabel
from k6_cloud_sandbox.errors import Conflict, InvalidRequest, NotFound
from k6_cloud_sandbox.store.database import Database
from k6_cloud_sandbox.store.projects import get_project

_MOST_KEYS = 100
_MOST_PAIRS = 500


class Labels:
    """The tables of label keys and of project labels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keys(self) -> list[LabelKey]:
        """All keys."""
        with self._database.read() as connection:
            return _keys(connection, "TRUE")

    def create_keys(self, new: Sequence[NewLabelKey]) -> list[LabelKey]:
        """Add keys, all or none, and give them back; one that exists stays as it is.

        Raises InvalidRequest for a key named twice, Conflict past 100 keys.
        """
        _require_distinct(key.key for key in new)
        with self._database.write() as connection:
            return [_ensured(connection, key) for key in new]

    def update_key(self, key_id: int, patch: PatchLabelKey) -> LabelKey:
        """Set the given fields. Raises NotFound, or Conflict when another key has the name."""
        with self._database.write() as connection:
            present = _key(connection, key_id)
            name = patch.key or present.key
            if name != present.key and _keys(connection, "key = ?", name):
                raise Conflict("Label key with new name already exists.", "key")
            description = (
                patch.description if "description" in patch.model_fields_set else present.description
            )
            connection.execute(
                "UPDATE label_keys SET key = ?, description = ? WHERE id = ?", [name, description, key_id]
            )
            return _key(connection, key_id)

    def delete_key(self, key_id: int) -> None:
        """Delete a key, and with it the labels of projects. Raises NotFound."""
        with self._database.write() as connection:
            _key(connection, key_id)
            connection.execute("DELETE FROM label_keys WHERE id = ?", [key_id])

    def of_project(self, project_id: int) -> list[ProjectLabel]:
        """The labels of a project, without the ids of their keys, as the API lists them. Raises NotFound."""
        with self._database.read() as connection:
            get_project(connection, project_id)
            return [label.model_copy(update={"key_id": None}) for label in _labels(connection, project_id)]

    def set_of_project(self, project_id: int, labels: Sequence[NewProjectLabel]) -> list[ProjectLabel]:
        """Replace the labels of a project; a key named by text is created where it is new.

        Raises NotFound for the project, InvalidRequest for a key, Conflict past the largest numbers.
        """
        with self._database.write() as connection:
            get_project(connection, project_id)
            connection.execute("DELETE FROM project_labels WHERE project_id = ?", [project_id])
            keys = [_named(connection, label, place) for place, label in enumerate(labels)]
            _require_distinct(key.key for key in keys)
            connection.executemany(
                "INSERT INTO project_labels VALUES (?, ?, ?)",
                [(project_id, key.id, label.value) for key, label in zip(keys, labels, strict=True)],
            )
            _require_few_pairs(connection)
            return _labels(connection, project_id)

    def delete_of_project(self, project_id: int, key: str) -> None:
        """Take one label off a project. Raises NotFound for either."""
        with self._database.write() as connection:
            get_project(connection, project_id)
            deleted = connection.execute(
                "DELETE FROM project_labels WHERE project_id = ?"
                " AND key_id IN (SELECT id FROM label_keys WHERE key = ?)",
                [project_id, key],
            )
            if not deleted.rowcount:
                raise NotFound("Label key not found on project.")


def _keys(connection: sqlite3.Connection, condition: str, *values: object) -> list[LabelKey]:
    query = f"SELECT id, key, description FROM label_keys WHERE {condition} ORDER BY id"
    return [LabelKey.model_validate(dict(row)) for row in connection.execute(query, values)]


def _key(connection: sqlite3.Connection, key_id: int) -> LabelKey:
    keys = _keys(connection, "id = ?", key_id)
    if not keys:
        raise NotFound("Label key not found.")
    return keys[0]


def _ensured(connection: sqlite3.Connection, new: NewLabelKey) -> LabelKey:
    """The key of this name, added where it is new. Raises Conflict past the largest number."""
    if present := _keys(connection, "key = ?", new.key):
        return present[0]
    if connection.execute("SELECT COUNT(*) FROM label_keys").fetchone()[0] >= _MOST_KEYS:
        raise Conflict(f"Maximum number of label keys ({_MOST_KEYS}) exceeded.")
    insert = "INSERT INTO label_keys (key, description) VALUES (?, ?)"
    cursor = connection.execute(insert, [new.key, new.description])
    return _key(connection, cursor.lastrowid or 0)


def _named(connection: sqlite3.Connection, label: NewProjectLabel, place: int) -> LabelKey:
    """The key a label names, by id or by text."""
    if (label.key_id is None) == (label.key is None):
        raise InvalidRequest.field(f"value.{place}", "A label needs key_id or key, and not both.")
    if label.key is not None:
        return _ensured(connection, NewLabelKey(key=label.key))
    try:
        return _key(connection, label.key_id or 0)
    except NotFound:
        raise InvalidRequest.field(
            f"value.{place}.key_id", f"There is no label key {label.key_id}."
        ) from None


def _labels(connection: sqlite3.Connection, project_id: int) -> list[ProjectLabel]:
    query = (
        "SELECT key_id, key, value FROM project_labels JOIN label_keys ON id = key_id"
        " WHERE project_id = ? ORDER BY key"
    )
    return [ProjectLabel.model_validate(dict(row)) for row in connection.execute(query, [project_id])]


def _require_distinct(keys: Iterable[str]) -> None:
    given = [*keys]
    if len(set(given)) < len(given):
        raise InvalidRequest.field("value", "Duplicate keys in request.")


def _require_few_pairs(connection: sqlite3.Connection) -> None:
    pairs = "SELECT COUNT(*) FROM (SELECT DISTINCT key_id, value FROM project_labels)"
    if connection.execute(pairs).fetchone()[0] > _MOST_PAIRS:
        raise Conflict(f"The organization would have more than {_MOST_PAIRS} unique pairs of key and value.")
