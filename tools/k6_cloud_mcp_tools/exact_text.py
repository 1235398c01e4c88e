"""Results of tools as they are shown: other people's text escaped, and the text of scripts exact."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel

from k6_cloud.safe_text import escape, escape_all


class _Exact:
    """Marks a field whose text is shown as it is."""


# The text of a script, which would be another script if a character were spelled out.
ExactText = Annotated[str, _Exact()]


def shown_values(result: BaseModel) -> dict[str, Any]:
    """A result as JSON values: without nulls, and with nothing that hides in its texts, but for those that are exact."""
    return _shown(result, result.model_dump(mode="json", by_alias=True, exclude_none=True))


def _shown(made: Any, dumped: Any) -> Any:
    """A dumped object that knows which of its texts are exact."""
    if isinstance(made, BaseModel):
        return _shown_fields(made, dumped)
    if isinstance(made, list | tuple) and isinstance(dumped, list):
        items = zip(cast(list[Any], made), cast(list[Any], dumped), strict=True)
        return [_shown(one, value) for one, value in items]
    return escape_all(dumped)


def _shown_fields(made: BaseModel, dumped: Mapping[str, Any]) -> dict[str, Any]:
    fields = {info.alias or name: (name, info) for name, info in type(made).model_fields.items()}
    shown: dict[str, Any] = {}
    for key, value in dumped.items():
        name, info = fields.get(key, (key, None))
        is_exact = info is not None and any(isinstance(mark, _Exact) for mark in info.metadata)
        shown[escape(key)] = value if is_exact else _shown(getattr(made, name, None), value)
    return shown
