"""The hosts that a script seems to send load to, as its text has them: a hint, not a proof."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json
from k6_cloud.scripts.endpoints import Endpoint, Looks, Piece, endpoint_of, loopback_in, urls_in
from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import ENTRY_MEMBER, MIB, Script

_SHOWN = 5
# More than anybody means to write: what comes after that many is not looked at, and counts as computed.
_MOST_ENDPOINTS = 256
_MOST_LOOKS = 100_000
_STEP = MIB
_CONTEXT = 512
# Members of an archive that k6 fetched from elsewhere.
_REMOTE = "https/"
_FROM_OUTSIDE = b"__env"
_BROWSER_MODULES = (b"k6/browser", b"k6/experimental/browser", b"k6/x/browser")


@dataclass(frozen=True)
class Target:
    """An endpoint of a script, and the one that k6 really connects to by the option `hosts`."""

    named: Endpoint
    reached: Endpoint

    def __str__(self) -> str:
        return str(self.named) if self.named == self.reached else f"{self.named} (which is {self.reached})"


@dataclass(frozen=True)
class Targets:
    """The targets in the order of their appearance; `computed` if the script makes up more.

    `browser` is whether any of its files may import k6's browser module.
    """

    found: tuple[Target, ...]
    computed: bool
    browser: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """The targets in words, each once."""
        return tuple(dict.fromkeys(map(str, self.found)))

    def __str__(self) -> str:
        where = "in the text of the script"
        if not self.hosts:
            return f"no host found {where}" + (", they are computed" if self.computed else "")
        more = len(self.hosts) - _SHOWN
        named = ", ".join(self.hosts[:_SHOWN]) + (f", and {more} more" if more > 0 else "")
        return f"{named} (found {where}{'; some hosts are computed' if self.computed else ''})"


def targets_of(script: Script, options: Json | None = None) -> Targets:
    """The hosts in the URLs of a script or of an archive's own files, those of this machine in any of its files, and
    those in `options.hosts`. Reads the whole script, so call it in a thread.
    """
    search = _Search()
    with suppress(ScriptError):
        for name, data in _files(script):
            search.read(name, data)
    return Targets((*_reached(search.endpoints, _hosts_in(options)),), search.computed, search.browser)


class _Search:
    """The endpoints found so far."""

    def __init__(self) -> None:
        self.browser = False
        self._computed = False
        self._in_entry: dict[Endpoint, None] = {}
        self._elsewhere: dict[Endpoint, None] = {}
        self._url_looks, self._local_looks = Looks(_MOST_LOOKS), Looks(_MOST_LOOKS)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Each endpoint once, those of the entry file first."""
        return [*(self._in_entry | self._elsewhere)][:_MOST_ENDPOINTS]

    @property
    def computed(self) -> bool:
        """Whether there is more than was found."""
        many = len(self._in_entry | self._elsewhere) > _MOST_ENDPOINTS
        return self._computed or many or not (self._url_looks.left and self._local_looks.left)

    def read(self, name: str, data: bytes) -> None:
        """Look at one file. Of comments, only those of the entry file count."""
        found = self._in_entry if name == ENTRY_MEMBER else self._elsewhere
        for text, start, stop in _pieces(data):
            self.browser = self.browser or any(module in text for module in _BROWSER_MODULES)
            if name != METADATA_MEMBER and not name.startswith(_REMOTE):
                self._computed = self._computed or _FROM_OUTSIDE in text
                piece = Piece(text, start, stop, self._url_looks)
                self._add(found, urls_in(piece, but_comments=name != ENTRY_MEMBER))
            self._add(found, loopback_in(Piece(text, start, stop, self._local_looks)))

    def _add(self, found: dict[Endpoint, None], endpoints: Iterable[Endpoint | None]) -> None:
        for endpoint in endpoints:
            self._computed = self._computed or endpoint is None or endpoint.is_computed
            if endpoint and len(found) <= _MOST_ENDPOINTS:
                found.setdefault(endpoint)


def _files(script: Script) -> Iterable[tuple[str, bytes]]:
    if script.kind == "archive":
        return ((member.path, script.member(member.path)) for member in script.members())
    return [(ENTRY_MEMBER, script.read())]


def _pieces(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The data in pieces of text, from where to where each counts. No search in one takes long: other threads wait for it."""
    for start in range(0, len(data), _STEP):
        begin = max(0, start - _CONTEXT)
        text = data[begin : start + _STEP + _CONTEXT].lower()
        yield text, start - begin, start - begin + _STEP


def _reached(endpoints: Iterable[Endpoint], hosts: Mapping[str, str]) -> Iterator[Target]:
    """Each endpoint with what the option `hosts` makes of it, and then what that option names besides."""
    left = dict(hosts)
    for endpoint in endpoints:
        name = _mapped_name(endpoint, hosts)
        left.pop(name or "", None)
        yield Target(endpoint, _instead(endpoint, hosts[name]) if name else endpoint)
    for name, address in left.items():
        if named := endpoint_of(name):
            yield Target(named, _instead(named, address))


def _mapped_name(endpoint: Endpoint, hosts: Mapping[str, str]) -> str | None:
    """The key of the option `hosts` that k6 takes for an endpoint: with the port, without, then with a wildcard."""
    for name in (f"{endpoint.host}:{endpoint.port}", endpoint.host):
        if name in hosts:
            return name
    return next((name for name in hosts if name.startswith("*.") and endpoint.host.endswith(name[1:])), None)


def _instead(endpoint: Endpoint, address: str) -> Endpoint:
    """The address in place of an endpoint; it keeps the endpoint's port unless it has one of its own."""
    bare = address.count(":") > 1 and not address.startswith("[")
    found = endpoint_of(f"[{address}]" if bare else address)
    return Endpoint(found.host, found.port or endpoint.port) if found else endpoint


def _hosts_in(options: Json | None) -> dict[str, str]:
    """The option `hosts`: addresses by name, in lower case."""
    hosts: Any = (options or {}).get("hosts")
    if not isinstance(hosts, dict):
        return {}
    pairs = cast(dict[str, Any], hosts).items()
    return {name.lower(): address for name, address in pairs if isinstance(address, str)}
