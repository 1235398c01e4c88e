"""Secrets that k6 writes into scripts' options and archives, and how they are taken out.

`k6 cloud run` and `k6 cloud upload` store the API token in `options.cloud.token` (older versions in
`options.ext.loadimpact.token`) of an archive's metadata.json, beside the values of `-e` in `env`.
"""

from typing import Any, cast

from k6_cloud.models import Json

REDACTED = "<redacted>"
_TOKENS = (("cloud", "token"), ("ext", "loadimpact", "token"))


def redact_options(options: Json) -> Json:
    """A copy of k6 options with every stored API token replaced."""
    for path in _TOKENS:
        options = _replaced(options, *path)
    return options


def redact_metadata(metadata: Json) -> Json:
    """A copy of an archive's metadata with its tokens and all environment values replaced."""
    clean = dict(metadata)
    if options := _object(clean.get("options")):
        clean["options"] = redact_options(options)
    if env := _object(clean.get("env")):
        clean["env"] = dict.fromkeys(env, REDACTED)
    return clean


def _replaced(node: Json, name: str, *rest: str) -> Json:
    """A copy of `node` in which the value at the path is replaced, if there is one."""
    if not node.get(name):
        return node
    if not rest:
        return {**node, name: REDACTED}
    child = _object(node[name])
    return {**node, name: _replaced(child, *rest)} if child else node


def _object(value: Any) -> Json | None:
    return cast(Json, value) if isinstance(value, dict) else None
