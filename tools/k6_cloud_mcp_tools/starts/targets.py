"""The hosts that a script seems to send load to, as they stand in its text: a hint, not a proof."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json
from k6_cloud.scripts.script import ENTRY_MEMBER, MIB, Script

_SHOWN = 5
_NAME_LIMIT = 253
_URL = re.compile(r"(?:https?|wss?|grpcs?)://([^/\s'\"`\\?#<>(),;]*)", re.IGNORECASE)
# What k6 loads as a module is not what it sends load to.
_IMPORTED = re.compile(r"\b(?:from|import)\s*\(?\s*['\"][^'\"\n]*['\"]")
_DIALLED = re.compile(r"\.connect\(\s*['\"]([^'\"/\s:]+:\d+)['\"]")
_FROM_OUTSIDE = re.compile(r"__ENV\b")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ADDRESS = re.compile(r"\[[0-9a-f:.]{2,45}\]")


@dataclass(frozen=True)
class Targets:
    """Host names, with ports, in the order of their appearance; `computed` where a script makes up more."""

    hosts: tuple[str, ...]
    computed: bool

    def __str__(self) -> str:
        where = "in the text of the script"
        if not self.hosts:
            return f"no host found {where}" + (", they are computed" if self.computed else "")
        more = len(self.hosts) - _SHOWN
        named = ", ".join(self.hosts[:_SHOWN]) + (f", and {more} more" if more > 0 else "")
        return f"{named} (found {where}{'; some hosts are computed' if self.computed else ''})"


def targets_of(script: Script, options: Json | None = None) -> Targets:
    """The hosts in the URLs of a script, or of an archive's entry file, and in `options.hosts`."""
    text = _IMPORTED.sub("", _text(script))
    candidates = [*_URL.findall(text), *_DIALLED.findall(text)]
    names = [host_of(candidate) for candidate in candidates]
    computed = None in names or bool(_FROM_OUTSIDE.search(text))
    return Targets(_unique([*names, *_mapped(options)]), computed)


def host_of(authority: str) -> str | None:
    """The host and port of a URL's authority, in ASCII; None for what is no plain host."""
    host, port = _split(authority.rpartition("@")[2])
    if _ADDRESS.fullmatch(host.lower()):
        return host.lower() + port
    try:
        name = host.encode("ascii" if host.isascii() else "idna").decode().lower()
    except UnicodeError:
        return None
    labels = name.removeprefix("*.").removesuffix(".").split(".")
    valid = len(name) <= _NAME_LIMIT and all(_LABEL.fullmatch(label) for label in labels)
    return name + port if valid else None


def _split(address: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)(:\d{1,5})?", address, re.ASCII | re.DOTALL)
    return (found[1], found[2] or "") if found else (address, "")


def _text(script: Script) -> str:
    """The source as far as it is looked at."""
    try:
        data = script.member(ENTRY_MEMBER, MIB) if script.kind == "archive" else script.read(0, MIB)
    except ScriptError:
        return ""
    return data.decode(errors="replace")


def _mapped(options: Json | None) -> Iterator[str | None]:
    """The names that options give addresses to."""
    hosts: Any = (options or {}).get("hosts")
    if isinstance(hosts, dict):
        for name in cast(dict[str, Any], hosts):
            yield host_of(name)


def _unique(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
