"""An archive's metadata.json, read as k6 reads it.

k6 takes a key in any case for the field it stands for, and of a key given twice the second adds to the first. Python
does neither. What the two would read differently is refused: it could hide a token, or another load than is shown.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json

METADATA_MEMBER = "metadata.json"
METADATA_LIMIT = 1024 * 1024
_JSON = TypeAdapter(Json)
_FIELDS = [
    "type",
    "options",
    "filename",
    "pwd",
    "env",
    "compatibilityMode",
    "k6version",
    "goos",
    "dependencies",
]
_OPTIONS = [
    "vus",
    "duration",
    "iterations",
    "stages",
    "scenarios",
    "executionSegment",
    "thresholds",
    "cloud",
    "ext",
    "hosts",
]


def read_metadata(data: bytes) -> Json:
    """The metadata, secrets and all. Raises ScriptError for what is not a JSON object, or can be read in two ways."""
    try:
        # It also refuses what is nested too deeply for the next reader.
        metadata = _JSON.validate_json(data)
    except ValidationError as error:
        raise ScriptError(f"The archive's {METADATA_MEMBER} is not a JSON object.") from error
    json.loads(data, object_pairs_hook=_without_duplicates)
    _require_plain(metadata, _FIELDS)
    options = metadata.get("options")
    if isinstance(options, dict):
        _require_plain(cast(Json, options), _OPTIONS)
    return metadata


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ScriptError(f"The archive's {METADATA_MEMBER} has the key {key[:100]!r} twice. {_AGAIN}")
        found[key] = value
    return found


def _require_plain(node: Json, names: Iterable[str]) -> None:
    """Refuse a key that k6 takes for one of `names` although it is spelled otherwise."""
    folded = {name.casefold(): name for name in names}
    for key in node:
        name = folded.get(key.casefold(), key)
        if name != key:
            raise ScriptError(
                f"The archive's {METADATA_MEMBER} has the key {key!r}, which k6 takes for {name!r}. {_AGAIN}"
            )


_AGAIN = "Make the archive with `k6 archive`."
