"""The files of the system that a confined k6 needs: to start, to use a network, to drive a browser."""

import struct
from pathlib import Path

# Of a statically linked k6 nothing but itself; of another one, the loader and its libraries.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_STORE = "/nix/store"
_ELF = b"\x7fELF"
_INTERPRETER = 3

# Names of hosts, certificates, and the local time.
NETWORK_FILES = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"),
    *(
        "/etc/ssl",
        "/etc/pki",
        "/etc/ca-certificates",
        "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates",
    ),
    *("/etc/localtime", "/usr/share/zoneinfo"),
)
# A browser: its programs wherever systems put them, fonts, and what its start-up script asks about the processor.
BROWSER_PROGRAMS = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/bin",
    "/lib",
    "/lib64",
    "/usr/local/bin",
    "/opt/google",
    "/opt/chromium",
)
BROWSER_FILES = (
    *("/etc/fonts", "/usr/share", "/etc/chromium", "/etc/chromium.d", "/etc/opt/chrome", "/etc/ld.so.cache"),
    *("/etc/alternatives", "/proc/cpuinfo", "/dev/urandom"),
)
# Its own sandbox would need entries of /proc to write to; here it is confined already. Its shared memory goes to files.
BROWSER_ARGUMENTS = "no-sandbox,no-zygote,disable-dev-shm-usage"


def program_files(program: str) -> tuple[list[str], list[str]]:
    """The files that a program needs for its start: those to be read, and those to be executed as well."""
    loader = _loader_of(program)
    if loader is None:
        return [], [program]
    store = [_STORE] if loader.startswith(f"{_STORE}/") else []
    return [*_LIBRARIES, *store], [program, loader]


def is_script(program: str) -> bool:
    """Whether a program is a script for an interpreter, which a confinement cannot start."""
    return _head(program, 2) == b"#!"


def _head(program: str, size: int) -> bytes:
    try:
        with Path(program).open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _loader_of(program: str) -> str | None:
    """The dynamic loader that a Linux program names (PT_INTERP); None for one that needs none."""
    head = _head(program, 64 * 1024)
    if not head.startswith(_ELF) or len(head) < 64:
        return None
    (table,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    for index in range(count):
        entry = table + index * size
        if entry + size > len(head):
            break
        kind, _, offset = struct.unpack_from("<IIQ", head, entry)
        if kind == _INTERPRETER:
            (length,) = struct.unpack_from("<Q", head, entry + 32)
            return head[offset : offset + length].rstrip(b"\0").decode()
    return None
