"""A seccomp filter: a thread gives up system calls, for itself and what it starts.

It refuses sockets of other families than the terms allow, and the calls by which a program could reach other processes,
the kernel's settings, or sockets past this filter (io_uring). The filter is a program for the kernel's packet filter:
https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

import ctypes
import errno
import platform
import socket
import struct
import sys
from collections.abc import Iterable
from typing import NamedTuple

from k6_runner.confinement.kernel import ask, give_up_new_privileges, prctl
from k6_runner.confinement.terms import Network

_SET_SECCOMP, _FILTER = 22, 2
_ACTION_AVAILABLE = 2
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
# Instructions: load a word of the call, or compare it and jump.
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FAMILY, _TYPE = 0, 4, 16, 24
_TYPE_MASK = 0xF
# The calls of the 32-bit kind that x86-64 also takes have this bit.
_X32 = 0x40000000


class _Machine(NamedTuple):
    """A kind of processor: its number for the kernel, and the numbers of system calls there."""

    audit: int
    seccomp: int
    socket: int
    column: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 317, 41, 0), "aarch64": _Machine(0xC00000B7, 277, 198, 1)}
# The refused calls, each with its number on x86-64 and on ARM64.
_REFUSED = {
    # Sockets that no filter sees, and the files and sockets of other processes.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    # Files past the rules of an old Landlock, or by other means than a path.
    "truncate": (76, 45),
    "open_by_handle_at": (304, 265),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    # Settings and secrets of the kernel.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
}


def seccomp_works() -> bool:
    """Whether this kernel can filter system calls, and this processor is one whose calls are known here."""
    machine = _machine()
    if machine is None:
        return False
    return ask(machine.seccomp, _ACTION_AVAILABLE, 0, ctypes.byref(ctypes.c_uint32(_REFUSE))) == 0


def filter_calls(network: Network) -> None:
    """Refuse to this thread, and what it starts, the calls that `network` does not allow. Raises Unconfined."""
    machine = _machine()
    assert machine is not None
    program = b"".join(_program(machine, network))
    held = ctypes.create_string_buffer(program, len(program))
    # An array of instructions as C declares it: the number, then the address.
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(held))
    give_up_new_privileges()
    prctl("seccomp", _SET_SECCOMP, _FILTER, described)


def allowed_families(network: Network) -> tuple[int, ...]:
    """The families of sockets that a network stands for."""
    internet = (socket.AF_INET, socket.AF_INET6) if network.internet else ()
    local = (socket.AF_UNIX, getattr(socket, "AF_NETLINK", 16)) if network.local else ()
    return tuple(map(int, (*internet, *local)))


def _machine() -> _Machine | None:
    known = sys.platform == "linux" and sys.maxsize > 2**32
    return _MACHINES.get(platform.machine()) if known else None


def _program(machine: _Machine, network: Network) -> Iterable[bytes]:
    """The filter: each step decides, or goes on with the next one."""
    yield _step(_LOAD, _ARCHITECTURE)
    yield from _unless(machine.audit, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield from _if_at_least(_X32, _refusal(errno.ENOSYS))
    for numbers in _REFUSED.values():
        yield from _if(numbers[machine.column], _refusal(errno.EPERM))
    yield from _unless(machine.socket, _ALLOW)
    yield from _socket_rules(network)


def _socket_rules(network: Network) -> Iterable[bytes]:
    """Allow a socket by its family and, of the internet's, by its type."""
    yield _step(_LOAD, _FAMILY)
    for family in allowed_families(network._replace(internet=False)):
        yield from _if(family, _ALLOW)
    if not network.internet:
        yield _step(_RETURN, _refusal(errno.EACCES))
        return
    yield _step(_EQUAL, socket.AF_INET, 2, 0)
    yield _step(_EQUAL, socket.AF_INET6, 1, 0)
    yield _step(_RETURN, _refusal(errno.EACCES))
    yield _step(_LOAD, _TYPE)
    yield _step(_AND, _TYPE_MASK)
    yield from _if(socket.SOCK_STREAM, _ALLOW)
    if network.datagrams:
        yield from _if(socket.SOCK_DGRAM, _ALLOW)
    yield _step(_RETURN, _refusal(errno.EACCES))


def _if(value: int, action: int) -> Iterable[bytes]:
    yield _step(_EQUAL, value, 0, 1)
    yield _step(_RETURN, action)


def _unless(value: int, action: int) -> Iterable[bytes]:
    yield _step(_EQUAL, value, 1, 0)
    yield _step(_RETURN, action)


def _if_at_least(value: int, action: int) -> Iterable[bytes]:
    yield _step(_AT_LEAST, value, 0, 1)
    yield _step(_RETURN, action)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _refusal(number: int) -> int:
    return _REFUSE | number
