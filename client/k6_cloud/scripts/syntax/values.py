"""Values that were read from source text, some of which only running the script would tell."""

from enum import Enum
from typing import Any, Final, cast


class Unknown(Enum):
    """A value that only running the script would tell."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
# Stands in an object that has more properties than are known.
MORE: Final = "..."


class Absent(Enum):
    """The value `undefined`, which JSON leaves out."""

    ABSENT = "absent"


def known(value: Any, *path: str) -> Any:
    """The value at a path of nested objects: None if nothing is set there, UNKNOWN if it cannot be told."""
    for name in path:
        if not isinstance(value, dict):
            return None if value is None else UNKNOWN
        node = cast("dict[str, Any]", value)
        value = node.get(name, UNKNOWN if MORE in node else None)
    return value


def is_fully_known(value: Any) -> bool:
    """Whether nothing in a value is unknown."""
    waiting = [value]
    while waiting:
        one: Any = waiting.pop()
        if one is UNKNOWN:
            return False
        if isinstance(one, dict):
            waiting += cast("dict[str, Any]", one).values()
        elif isinstance(one, list):
            waiting += cast("list[Any]", one)
    return True
