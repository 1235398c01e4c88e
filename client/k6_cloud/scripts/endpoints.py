"""The hosts and ports that stand in a text, found in a time that grows with its length alone.

Nothing is run: a host or port that a script puts together is not found, but a URL with such a host is told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from k6_cloud.config.addresses import is_loopback

LARGEST_PORT = 65535
_NAME_LIMIT = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SCHEMES = frozenset({*_DEFAULT_PORTS, "grpc", "grpcs"})

# All texts are in lower case. Each pattern begins with a literal, which the library looks for fast, and has a bound;
# what stands before it is looked at in a short piece.
_URL = re.compile(rb":\\?/\\?/([^/\s'\"`\\?#<>(),;]{0,300})")
_LOCAL_NAME = re.compile(rb"localhost:([0-9]{1,5})(?![0-9]|\$\{)")
_LOCAL_ADDRESS = re.compile(rb"127(?:\.[0-9]{1,3}){3}:([0-9]{1,5})(?![0-9]|\$\{)")
_AFTER_BRACKET = re.compile(rb"\]:([0-9]{1,5})(?![0-9]|\$\{)")
_DIALLED = re.compile(rb"\.connect\(\s{0,20}['\"]([^'\"/\s:]{1,253}:[0-9]{1,5})['\"]")
_BRACKET = re.compile(rb"\[[0-9a-f:.]{2,45}$")
_LABELS_BEFORE = re.compile(rb"(?:[a-z0-9_-]{1,63}\.){1,4}$")
_IN_A_NAME = re.compile(rb"[a-z0-9_.%-]$")
_SCHEME = re.compile(rb"(?<![a-z])([a-z]{2,5})$")
# What k6 loads as a module is not what it sends load to.
_LOADED = re.compile(rb"\b(?:from|import|require)\s{0,20}\(?\s{0,20}['\"`]$")
_COMMENT = re.compile(rb"\s{0,200}(?://|/?\*|#)")
_BEFORE = 200


@dataclass(frozen=True)
class Endpoint:
    """A host in ASCII and a port, None where the text does not tell it; `shown` is how the text has it."""

    host: str
    port: int | None
    shown: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.shown or (f"{self.host}:{self.port}" if self.port else self.host)

    @property
    def is_computed(self) -> bool:
        """Whether the script puts the port together, or leaves it to a scheme without a usual one."""
        return self.port is None

    @property
    def is_loopback(self) -> bool:
        """Whether this is the machine that the script runs on."""
        return is_loopback(self.host)


@dataclass
class Looks:
    """The number of places that may still be looked at closely."""

    left: int


class Piece(NamedTuple):
    """A text in lower case, of which what begins between `start` and `stop` counts; the rest is context."""

    text: bytes
    start: int
    stop: int
    looks: Looks

    def finds(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], bytes]]:
        """Yield each match of a pattern, with the text before it."""
        for found in pattern.finditer(self.text, self.start):
            begin = found.start()
            if begin >= self.stop or not self.looks.left:
                return
            self.looks.left -= 1
            yield found, self.text[max(0, begin - _BEFORE) : begin]


def urls_in(piece: Piece, *, but_comments: bool = False) -> Iterator[Endpoint | None]:
    """The endpoints of URLs and of `connect("host:port")`; None for a host that is put together.

    `but_comments` leaves out lines that are comments.
    """
    for found, before in piece.finds(_URL):
        scheme = _scheme(before)
        if scheme and not (but_comments and _COMMENT.match(before[before.rfind(b"\n") + 1 :])):
            yield endpoint_of(found[1].decode(errors="replace"), _DEFAULT_PORTS.get(scheme))
    for found, _ in piece.finds(_DIALLED):
        yield endpoint_of(found[1].decode(errors="replace"))


def loopback_in(piece: Piece) -> Iterator[Endpoint]:
    """The loopback hosts with a port, in URLs or not."""
    for found, before in piece.finds(_LOCAL_NAME):
        labels = _LABELS_BEFORE.search(before)
        host = (labels[0] if labels else b"") + b"localhost"
        yield from _local(before[: labels.start()] if labels else before, host, found[1])
    for found, before in piece.finds(_LOCAL_ADDRESS):
        yield from _local(before, found[0].rpartition(b":")[0], found[1])
    for found, before in piece.finds(_AFTER_BRACKET):
        if bracket := _BRACKET.search(before):
            yield from _local(b"", bracket[0] + b"]", found[1])


@lru_cache(maxsize=1024)
def endpoint_of(authority: str, default_port: int | None = None) -> Endpoint | None:
    """The host and port of a URL's authority; None for what is not a plain host."""
    host, colon, port = _split(authority.rpartition("@")[2])
    plain = _plain(host)
    if plain is None or (port and not _is_port(port)):
        return None
    if colon and not port:
        return Endpoint(plain, None, plain)
    return Endpoint(plain, int(port) if port else default_port, plain + colon + port)


def _scheme(before: bytes) -> str | None:
    """The scheme of a URL that goes on after `before`; None for another one, and for a module that is loaded."""
    scheme = _SCHEME.search(before)
    if scheme is None or _LOADED.search(before[: scheme.start()]):
        return None
    name = scheme[1].decode()
    return name if name in _SCHEMES else None


def _local(before: bytes, host: bytes, port: bytes) -> Iterator[Endpoint]:
    """The endpoint, unless the host is only the end of a longer name."""
    name = host.decode()
    if not _IN_A_NAME.search(before) and _is_port(port.decode()) and is_loopback(name):
        yield Endpoint(name, int(port), f"{name}:{int(port)}")


def _split(address: str) -> tuple[str, str, str]:
    """The host, a colon, and the port, of which a script may put together the latter: `localhost:${port}`."""
    if address.startswith("["):
        host, bracket, rest = address.partition("]")
        return host + bracket, rest[:1], _literal(rest[1:])
    host, colon, port = address.partition(":")
    return host, colon, _literal(port)


def _literal(port: str) -> str:
    return "" if port.startswith("$") or "${" in port else port


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_PORT


def _plain(host: str) -> str | None:
    """A host name in ASCII, or an IPv6 address in brackets."""
    if host.startswith("["):
        return host.lower() if _is_ipv6(host) else None
    try:
        name = host.encode("ascii" if host.isascii() else "idna").decode().lower()
    except UnicodeError:
        return None
    labels = name.removeprefix("*.").removesuffix(".").split(".")
    valid = len(name) <= _NAME_LIMIT and all(_LABEL.fullmatch(label) for label in labels)
    return name if valid else None


def _is_ipv6(host: str) -> bool:
    try:
        return host.endswith("]") and ip_address(host[1:-1]).version == 6
    except ValueError:
        return False
