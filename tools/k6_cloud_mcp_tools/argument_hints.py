"""Arguments that a tool does not take, and those that it does take at that place.

What sets them instead is declared beside each operation; here are the sentences that several of them share.
"""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

SCRIPT = "upload_load_test_script sets the script."
OPTIONS = "Options are part of the script: upload_load_test_script sets it."


def known_names(arguments: type[BaseModel], place: Sequence[str | int]) -> set[str]:
    """The names that may stand at `place`, which leads to a name that may not: those of the object around it.

    For `cron.timezone` they are those of `cron`, not the tool's own.
    """
    models = [arguments]
    for part in place[:-1]:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [inner for field in fields for inner in _models_in(field.annotation)] or models
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
