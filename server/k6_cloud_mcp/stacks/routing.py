"""The stack of a request: an argument `stack` of a tool, `?stack=` in an address."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qs

from k6_cloud_mcp.stacks.stacks import NoStack

ARGUMENT = "stack"
TEMPLATE = "{?stack}"
Params = Mapping[str, Any]


def routed(method: str, params: Params | None, names: Sequence[str]) -> tuple[Params | None, str | None]:
    """The parameters of a request without the name of its stack, and that name.

    Raises NoStack for a request that names none of `names`.
    """
    read = _READERS.get(method)
    if not names or read is None:
        return params, None
    rest, given = read(params or {}, names)
    return rest, _chosen(given, names)


def _chosen(given: object, names: Sequence[str]) -> str:
    if given in names:
        return str(given)
    if given is None and len(names) == 1:
        return names[0]
    what = "Say which stack is meant" if given is None else "There is no such stack for you"
    raise NoStack(f"{what}: {ARGUMENT} is one of {', '.join(names)}. Nothing was called.")


def _tool(params: Params, _: Sequence[str]) -> tuple[Params, object]:
    arguments = {**_mapping(params.get("arguments"))}
    given = arguments.pop(ARGUMENT, None)
    return {**params, "arguments": arguments}, given


def _document(params: Params, _: Sequence[str]) -> tuple[Params, object]:
    address, given = split_address(str(params.get("uri", "")))
    return {**params, "uri": address}, given


def _list(params: Params, names: Sequence[str]) -> tuple[Params, object]:
    """A cursor says in whose list it is; without one the first list begins."""
    cursor = params.get("cursor")
    if len(names) == 1:
        return params, None
    if not isinstance(cursor, str):
        return params, names[0]
    name, _, place = cursor.rpartition("/")
    rest = {key: value for key, value in params.items() if key != "cursor"}
    return ({**rest, "cursor": place} if place else rest), name


def _completion(params: Params, _: Sequence[str]) -> tuple[Params, object]:
    ref = {**_mapping(params.get("ref"))}
    if isinstance(uri := ref.get("uri"), str):
        ref["uri"] = uri.removesuffix(TEMPLATE)
    known = _mapping(_mapping(params.get("context")).get("arguments"))
    return {**params, "ref": ref}, known.get(ARGUMENT)


_READERS = {
    "tools/call": _tool,
    "resources/read": _document,
    "resources/list": _list,
    "completion/complete": _completion,
}
NEEDS_STACK = frozenset(_READERS)


def split_address(address: str) -> tuple[str, str | None]:
    """The address of a document without `?stack=…`, and the stack."""
    if not address.startswith("k6://"):
        return address, None
    bare, mark, query = address.rpartition("?")
    given = parse_qs(query).get(ARGUMENT, []) if mark else []
    return (bare, given[0]) if len(given) == 1 else (address, None)


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}
