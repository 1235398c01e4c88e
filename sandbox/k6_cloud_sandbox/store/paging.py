"""Part of a table: filtered, ordered, cut to a page, with the total."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Slice:
    """`top` rows after `skip`, in `order`: pairs of a column and whether it descends."""

    top: int = 1000
    skip: int = 0
    order: Sequence[tuple[str, bool]] = ()


@dataclass(frozen=True)
class Rows(Generic[Item]):
    """The rows of a slice, and how many there are in all."""

    items: list[Item]
    total: int


@dataclass(frozen=True)
class Selection:
    """A query without order and limits; `conditions` are SQL, each with its value."""

    columns: str
    source: str
    conditions: Sequence[tuple[str, object]] = ()

    def fetch(
        self, connection: sqlite3.Connection, part: Slice, build: Callable[[sqlite3.Row], Item]
    ) -> Rows[Item]:
        """The rows of `part`. Column names must come from the code, never from a request."""
        where = " AND ".join(["TRUE", *(condition for condition, _ in self.conditions)])
        values = [value for _, value in self.conditions]
        order = ", ".join([*(f"{name} {'DESC' if falls else 'ASC'}" for name, falls in part.order), "id"])
        body = f"FROM {self.source} WHERE {where}"
        total: int = connection.execute(f"SELECT COUNT(*) {body}", values).fetchone()[0]
        rows = connection.execute(
            f"SELECT {self.columns} {body} ORDER BY {order} LIMIT ? OFFSET ?", [*values, part.top, part.skip]
        )
        return Rows([build(row) for row in rows], total)
