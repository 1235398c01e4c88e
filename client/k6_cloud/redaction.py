"""Secrets that k6 writes into scripts' options and archives, and how they are taken out.

`k6 cloud run` and `k6 cloud upload` store the API token in `options.cloud.token` (older versions in
`options.ext.loadimpact.token`) of an archive's metadata.json, beside the values of `-e` in `env`.
"""

from typing import Any, cast

Json = dict[str, Any]

REDACTED = "<redacted>"
_TOKENS = (("cloud", "token"), ("ext", "loadimpact", "token"))


def redact_options(options: Json) -> Json:
    """A copy of k6 options with every stored API token replaced."""
    for path in _TOKENS:
        options = _replaced(options, *path)
    return options


def without_tokens(options: Json) -> Json:
    """A copy of k6 options for sending: what is not set and every stored API token left out."""
    redacted = redact_options(options)
    return cast(Json, _pruned(redacted))


def redact_metadata(metadata: Json) -> Json:
    """A copy of an archive's metadata with its tokens and all environment values replaced."""
    clean = dict(metadata)
    if options := _object(clean.get("options")):
        clean["options"] = redact_options(options)
    if env := _object(clean.get("env")):
        # Shorter than any word, so that the metadata never grows by it.
        clean["env"] = dict.fromkeys(env, "")
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


def _pruned(value: Any) -> Any:
    """`value` without the nulls and the redacted values in its objects."""
    if (node := _object(value)) is None:
        return value
    return {name: _pruned(child) for name, child in node.items() if child is not None and child != REDACTED}
