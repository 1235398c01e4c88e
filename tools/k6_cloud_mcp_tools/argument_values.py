"""Arguments as hosts send them, fitted to a tool's schema before they are checked.

Pydantic takes `true` for 1 and `"1_0"` for 10: as an id, that is another object. Strict converters send null or an
empty text for what was left out, and whole numbers as floats, which k6's own reader refuses in options.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

_LARGEST = 2**63 - 1
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,30})?")
_DEEPEST = 60


def fitted(arguments: Mapping[str, Any], schema: Schema, title: str) -> dict[str, Any]:
    """The arguments as a tool of that schema takes them. Raises pydantic's ValidationError."""
    fitting = _Fitting()
    values = fitting.members(arguments, schema, ())
    if fitting.problems:
        raise ValidationError.from_exception_data(title, fitting.problems)
    return values


def whole_number(value: Any) -> int | None:
    """A whole number within 64 bits, also as a float or in plain digits; None for anything else."""
    if isinstance(value, str):
        number = int(value) if _WHOLE.fullmatch(value) else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() and abs(value) <= 2**53 else None
    else:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
    return number if number is not None and abs(number) <= _LARGEST else None


class _Fitting:
    """Fits values to schemas, and collects what cannot be."""

    def __init__(self) -> None:
        self.problems: list[InitErrorDetails] = []

    def members(self, values: Mapping[str, Any], schema: Schema, path: Path) -> dict[str, Any]:
        """The members of an object, without those that stand for nothing."""
        known: Schema = schema.get("properties", {})
        optional = known.keys() - set(schema.get("required", ()))
        given = {key: value for key, value in values.items() if not (key in optional and value in (None, ""))}
        others = schema.get("additionalProperties")
        other = cast(Schema, others if isinstance(others, dict) else {})
        return {
            self._text(key, (*path, key)): self._fit(value, known.get(key, other), (*path, key))
            for key, value in given.items()
        }

    def _fit(self, value: Any, schema: Schema, path: Path) -> Any:
        kind = schema.get("type")
        if len(path) > _DEEPEST:
            return self._refuse(path[:3], "is nested too deeply")
        if kind in ("integer", "number"):
            return self._number(value, str(kind), path)
        if isinstance(value, dict):
            return self.members(cast(dict[str, Any], value), schema, path)
        if isinstance(value, list):
            item: Schema = schema.get("items", {})
            return [self._fit(one, item, (*path, place)) for place, one in enumerate(cast(list[Any], value))]
        if isinstance(value, str):
            return self._text(value, path)
        return self._free_number(value, path) if kind is None and isinstance(value, float) else value

    def _number(self, value: Any, kind: str, path: Path) -> Any:
        number = whole_number(value) if kind == "integer" else _number(value)
        # Null is left to the schema: what may not be left out has a message of its own.
        if number is None and value is not None:
            wanted = "a whole number, such as 12" if kind == "integer" else "a number, such as 1.5"
            return self._refuse(path, f"should be {wanted}")
        return number

    def _free_number(self, value: float, path: Path) -> Any:
        """A number in an object that may hold anything: a whole one as such, for k6 counts in no other."""
        if not math.isfinite(value):
            return self._refuse(path, "should be a finite number")
        return int(value) if value.is_integer() and abs(value) <= 2**53 else value

    def _text(self, value: str, path: Path) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            self._refuse(tuple(_shown(part) for part in path), "has half a character (a lone surrogate)")
        return value

    def _refuse(self, path: Path, why: str) -> None:
        error = PydanticCustomError("argument_value", "{why}", {"why": why})
        self.problems.append(InitErrorDetails(type=error, loc=path, input=None))


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _shown(part: str | int) -> str | int:
    """A part of a place that can be told, whatever is in it."""
    return part.encode(errors="backslashreplace").decode() if isinstance(part, str) else part
