"""Landlock: a thread gives up the use of files, of TCP ports and of other processes, for itself and what it starts.

Each version of the kernel's interface knows more rights; those that this kernel does not know are left out, and
`confinement_report` says so. Rights: https://docs.kernel.org/userspace-api/landlock.html.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable

from k6_runner.confinement.kernel import ask, call, call_for_each, give_up_new_privileges
from k6_runner.confinement.terms import Network, Terms

TCP_SINCE, SCOPES_SINCE = 4, 6

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2

# Rights to files, each a bit, and the version that brought the ones past the first thirteen.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE = 1 << 14
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READING = _READ_FILE | _READ_DIR
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_ANY_PORT = 0
_ALL_SCOPES = 0b11


def landlock_version() -> int:
    """The version of Landlock that this kernel offers; 0 where it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, ask(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))


def restrict(terms: Terms, version: int) -> None:
    """Hold this thread, and what it starts, to `terms`. Raises Unconfined if the kernel refuses."""
    known = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    ruleset = call("Landlock", _CREATE_RULESET, *_sized(_handled(terms, version, known)), 0)
    for path, rights in _file_rules(terms, known):
        _allow_path(ruleset, path, rights & known)
    if version >= TCP_SINCE:
        rules = (struct.pack("QQ", *rule) for rule in _port_rules(terms.network))
        call_for_each("Landlock", _ADD_RULE, ruleset, _NET_PORT, rules)
    give_up_new_privileges()
    call("Landlock", _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _handled(terms: Terms, version: int, file_rights: int) -> bytes:
    """The rights that are taken away, but for the rules."""
    handled = struct.pack("Q", file_rights)
    if version >= TCP_SINCE:
        handled += struct.pack("Q", _taken_from_sockets(terms.network))
    if version >= SCOPES_SINCE:
        handled += struct.pack("Q", _ALL_SCOPES)
    return handled


def _taken_from_sockets(network: Network) -> int:
    return _BIND_TCP | (0 if network.internet and network.ports is None else _CONNECT_TCP)


def _port_rules(network: Network) -> Iterable[tuple[int, int]]:
    if network.listen:
        yield _BIND_TCP, _ANY_PORT
    for first, last in network.ports or ():
        for port in range(first, last + 1):
            yield _CONNECT_TCP, port


def _file_rules(terms: Terms, known: int) -> Iterable[tuple[str, int]]:
    yield terms.directory, known & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK)
    yield os.devnull, _READ_FILE | _WRITE_FILE
    for path in terms.readable:
        yield path, _READING
    for path in terms.executable:
        yield path, _READING | _EXECUTE


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    """Allow the use of a file, or of a folder and all in it; of one that is not there nothing can be used."""
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            rights &= _ON_FILES
        call("Landlock", _ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    finally:
        os.close(beneath)


def _sized(attributes: bytes) -> tuple[bytes, ctypes.c_size_t]:
    return attributes, ctypes.c_size_t(len(attributes))
