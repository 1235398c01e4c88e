"""macOS: the profile by which `sandbox-exec` confines a command. Nobody has tried it on a Mac yet."""

import os
import sys
from collections.abc import Iterable, Sequence

from k6_runner.confinement.terms import Network, PortRange, Terms

_PROGRAM = "/usr/bin/sandbox-exec"
_LARGEST_PORT = 65535
# A program cannot start without its loader, the system's libraries and the time zone.
_SYSTEM = (
    "/usr/lib",
    "/System/Library",
    "/private/var/db/timezone",
    "/dev/urandom",
    "/dev/random",
    os.devnull,
)


def seatbelt_works() -> bool:
    """Whether this is a Mac that can confine a command."""
    return sys.platform == "darwin" and os.access(_PROGRAM, os.X_OK)


def confined_command(terms: Terms, command: Iterable[str]) -> list[str]:
    """The command that runs `command` under the profile of `terms`."""
    return [_PROGRAM, "-p", profile(terms), *command]


def profile(terms: Terms) -> str:
    """The profile: anything not allowed is denied."""
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow sysctl-read)",
        "(allow process-fork)",
        "(allow signal (target same-sandbox))",
    ]
    lines += [f"(allow file-read* {_path(path)})" for path in (*_SYSTEM, *terms.readable, *terms.executable)]
    lines += [f"(allow process-exec {_path(path)})" for path in terms.executable]
    lines += ["(allow file-read-metadata)", f"(allow file-read* file-write* {_path(terms.directory)})"]
    lines += [f"(allow file-write* {_path(os.devnull)})", *_network(terms.network)]
    return "\n".join(lines)


def _network(network: Network) -> Iterable[str]:
    """TCP by port, UDP as a whole; name resolution goes through a service of the system."""
    if not network.internet:
        return
    yield from _outbound(network.ports)
    if network.datagrams:
        yield '(allow network-outbound (remote udp "*:*") (literal "/private/var/run/mDNSResponder"))'
    if network.listen:
        yield '(allow network-bind network-inbound (local tcp "*:*"))'


def _outbound(ranges: Sequence[PortRange] | None) -> Iterable[str]:
    """The ports to connect to: each by itself, or all of them without each that is missing, whichever is less."""
    known = [(1, _LARGEST_PORT)] if ranges is None else ranges
    ports = {port for first, last in known for port in range(first, last + 1)}
    missing = {*range(1, _LARGEST_PORT + 1)} - ports
    if len(ports) <= len(missing):
        yield from (f'(allow network-outbound (remote tcp "*:{port}"))' for port in sorted(ports))
    else:
        yield '(allow network-outbound (remote tcp "*:*"))'
        yield from (f'(deny network-outbound (remote tcp "*:{port}"))' for port in sorted(missing))


def _path(path: str) -> str:
    """A file, or a folder with all in it, in the language of profiles."""
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'({"subpath" if os.path.isdir(path) else "literal"} "{quoted}")'
