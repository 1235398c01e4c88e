"""TOML: read, and changed in one place with comments and order kept."""

from collections.abc import MutableMapping
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Table

from k6_cloud_mcp.install.errors import Unreadable


def read(text: str) -> dict[str, Any]:
    """The value of a text. Raises Unreadable."""
    return _parse(text).unwrap()


def put(text: str, path: tuple[str, str], value: dict[str, Any]) -> str:
    """The text with the table `value` at `path`. Raises Unreadable."""
    document = _parse(text)
    section, name = path
    if section not in document:
        document[section] = tomlkit.table(is_super_table=True)
    table = cast(MutableMapping[str, Any], document[section])
    if name in table:
        _update(cast(MutableMapping[str, Any], table[name]), value)
    elif isinstance(table, InlineTable):
        table[name] = value
    else:
        last = list(cast(MutableMapping[str, Any], document))[-1]
        table[name] = _table(value, followed=last != section)
    return tomlkit.dumps(document)


def _table(value: dict[str, Any], *, followed: bool) -> Table:
    """A table of its own; an empty line divides it from what follows."""
    table = tomlkit.table()
    for key, each in value.items():
        table.add(key, each)
    if followed:
        table.add(tomlkit.nl())
    return table


def _update(entry: MutableMapping[str, Any], value: dict[str, Any]) -> None:
    """Change what differs only, so that the rest keeps its form and its comments."""
    for key in [key for key in entry if key not in value]:
        del entry[key]
    for key, wanted in value.items():
        if entry.get(key) != wanted:
            entry[key] = wanted


def drop(text: str, path: tuple[str, str]) -> str:
    """The text without the table at `path`. Raises Unreadable, KeyError if there is none."""
    document = _parse(text)
    section, name = path
    table = cast(MutableMapping[str, Any], document[section])
    del table[name]
    if not table:
        del document[section]
    return tomlkit.dumps(document)


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise Unreadable(str(error)) from error
