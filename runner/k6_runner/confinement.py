"""Run one command under limits, and never let it outlive the process that asked for it.

    python -I -S confine.py CPU_SECONDS FILE_BYTES MEMORY_BYTES SCRATCH_DIRECTORY command...

A program of its own with nothing but the standard library, so that it starts fast and survives a
`kill -9` of its parent. The parent speaks through standard input: each byte is a request to stop, and
the end of input (which a dying parent causes too) kills the command with everything it started and
removes the scratch directory. The exit code is the command's; 128 + n for one that died of signal n.
Windows has neither resource limits nor process groups: there, only the command itself is killed.
Where the kernel can hold it to that (Landlock, Linux 5.13), the command writes to the scratch directory alone.
"""

import ctypes
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from types import FrameType

if sys.platform != "win32":
    import resource

NOT_STARTED = 127
CPU_EXCEEDED = 152
OPEN_FILES = 4096

# Landlock: the calls by number, and the rights to change files, of which older versions know fewer.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_WRITES, _WRITES_TO_A_FILE = 0b111_1111_1111_0010, 0b100_0000_0000_0010
_RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15}

Child = subprocess.Popen[bytes]


def main(cpu_seconds: int, file_bytes: int, memory_bytes: int, scratch: str, *command: str) -> int:
    """Run `command` to its end and return the exit code."""
    _set_limits(cpu_seconds, file_bytes, memory_bytes)
    try:
        child = _start(command, scratch)
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        return NOT_STARTED
    _forward_signals(child)
    parent_gone = threading.Event()
    threading.Thread(target=_obey, args=(child, parent_gone), daemon=True).start()
    code = child.wait()
    _kill(child)
    if parent_gone.is_set():
        shutil.rmtree(scratch, ignore_errors=True)
    return _exit_code(code, cpu_seconds)


if sys.platform == "win32":

    def _set_limits(*_: int) -> None:
        """There are none to set."""

    def _start(command: tuple[str, ...], _scratch: str) -> Child:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP
        )

    def landlock_version() -> int:
        """There is no such kernel."""
        return 0

    def _interrupt(child: Child) -> None:
        child.send_signal(signal.CTRL_BREAK_EVENT)

    def _kill(child: Child) -> None:
        child.kill()

    def _exit_code(code: int, _: int) -> int:
        return code

else:

    def _set_limits(cpu_seconds: int, file_bytes: int, memory_bytes: int) -> None:
        _limit(resource.RLIMIT_CPU, cpu_seconds)
        _limit(resource.RLIMIT_FSIZE, file_bytes)
        _limit(resource.RLIMIT_DATA, memory_bytes)
        _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
        _limit(resource.RLIMIT_CORE, 0)

    def _limit(kind: int, value: int) -> None:
        """Lower a limit; what the system does not know, or holds lower already, stays."""
        _, ceiling = resource.getrlimit(kind)
        allowed = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (allowed, allowed))

    def _start(command: tuple[str, ...], scratch: str) -> Child:
        # No thread runs yet that could hold a lock over the fork.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=partial(_write_only_to, scratch, *_writable()),  # noqa: PLW1509
        )

    def _writable() -> Iterable[str]:
        """What a browser needs beside its own files: shared memory, and a map of users for its own sandbox."""
        yield from ("/dev/shm", "/dev/null")
        if os.geteuid():
            # Root could change the kernel's settings there, and gets no sandbox from a browser.
            yield "/proc"

    def landlock_version() -> int:
        """Which rights the kernel can take from a process; below 1 where it can take none."""
        if sys.platform != "linux":
            return 0
        return ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)

    def _write_only_to(*places: str) -> None:
        """Give up all writing elsewhere, by the kernel's own calls: no library of the system has them."""
        version = landlock_version()
        if sys.platform != "linux" or version < 1:
            return
        system = ctypes.CDLL(None)
        rights = _WRITES & ((1 << _RIGHTS_OF_VERSION[min(version, 3)]) - 1)
        rules = system.syscall(_CREATE_RULESET, struct.pack("Q", rights), ctypes.c_size_t(8), 0)
        for place in filter(os.path.exists, places):
            applicable = rights if os.path.isdir(place) else rights & _WRITES_TO_A_FILE
            beneath = struct.pack("=Qi", applicable, os.open(place, os.O_PATH))
            system.syscall(_ADD_RULE, rules, _PATH_BENEATH, beneath, 0)
        system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        system.syscall(_RESTRICT_SELF, rules, 0)

    def _interrupt(child: Child) -> None:
        child.send_signal(signal.SIGINT)

    def _kill(child: Child) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)

    def _exit_code(code: int, cpu_seconds: int) -> int:
        if code >= 0:
            return code
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        # The kernel's own count, which decides, runs a little ahead of the one it reports here.
        exceeded = usage.ru_utime + usage.ru_stime >= cpu_seconds - 0.25
        return CPU_EXCEEDED if exceeded else 128 - code


def _forward_signals(child: Child) -> None:
    def forward(_number: int, _frame: FrameType | None) -> None:
        _interrupt(child)

    signal.signal(signal.SIGINT, forward)
    signal.signal(signal.SIGTERM, forward)


def _obey(child: Child, parent_gone: threading.Event) -> None:
    while os.read(0, 1):
        _interrupt(child)
    parent_gone.set()
    _kill(child)


if __name__ == "__main__":
    cpu, file_size, memory, directory, *rest = sys.argv[1:]
    sys.exit(main(int(cpu), int(file_size), int(memory), directory, *rest))
