"""The order of rows that `$orderby` asks for."""

from collections.abc import Callable
from datetime import datetime
from functools import cmp_to_key
from typing import Any

from k6_cloud.models import Json

_TIMES = frozenset({"created", "updated"})


def row_order(order_by: str) -> Callable[[Json], Any]:
    """Return the sort key for an order like `created desc,id`."""
    fields = [_field(part) for part in order_by.split(",")]

    def compare(one: Json, other: Json) -> int:
        for name, descending in fields:
            first, second = _value(one, name), _value(other, name)
            if first != second:
                return 1 if (first > second) is not descending else -1
        return 0

    return cmp_to_key(compare)


def _field(part: str) -> tuple[str, bool]:
    name, _, direction = part.strip().partition(" ")
    return name, direction.strip() == "desc"


def _value(row: Json, name: str) -> Any:
    """Return a value to compare: of times the moment, since one moment can be written in several ways."""
    value = row.get(name)
    return (
        datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else (value is None, value)
    )
