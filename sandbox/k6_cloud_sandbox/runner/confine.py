"""Run one command under limits, and never let it outlive the process that asked for it.

    python -I -S confine.py CPU_SECONDS FILE_BYTES MEMORY_BYTES SCRATCH_DIRECTORY command...

A program of its own with nothing but the standard library, so that it starts fast and survives a
`kill -9` of its parent. The parent speaks through standard input: each byte is a request to stop, and
the end of input (which a dying parent causes too) kills the command with everything it started and
removes the scratch directory. The exit code is the command's; 128 + n for one that died of signal n.
Windows has neither resource limits nor process groups: there, only the command itself is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from types import FrameType

if sys.platform != "win32":
    import resource

NOT_STARTED = 127
CPU_EXCEEDED = 152
OPEN_FILES = 4096

Child = subprocess.Popen[bytes]


def main(cpu_seconds: int, file_bytes: int, memory_bytes: int, scratch: str, *command: str) -> int:
    """Run `command` to its end and return the exit code."""
    _set_limits(cpu_seconds, file_bytes, memory_bytes)
    try:
        child = _start(command)
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

    def _start(command: tuple[str, ...]) -> Child:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP
        )

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

    def _start(command: tuple[str, ...]) -> Child:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)

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
