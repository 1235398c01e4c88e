"""Run one command under terms that it cannot leave, and never let it outlive the process that asked for it.

    python -S -P -m k6_runner.confinement command...

A program of its own with nothing but the standard library, so that it starts fast and survives a `kill -9` of its
parent. The parent speaks through standard input: a line with the terms, then bytes that each ask the command to stop; the
end of input (which a dying parent causes too) kills the command with everything it started and removes its directory. The exit code is the
command's; 128 + n for one that died of signal n; the constants below for reasons of the supervisor's own.
Windows has no process groups: there, only the command itself is killed.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

from k6_runner.confinement.abilities import abilities_here, missing
from k6_runner.confinement.folder_size import SizeWatch, remove
from k6_runner.confinement.kernel import Unconfined
from k6_runner.confinement.landlock import restrict
from k6_runner.confinement.resource_limits import CPU_EXCEEDED, exceeded_processor_time, set_limits
from k6_runner.confinement.seatbelt import confined_command
from k6_runner.confinement.seccomp import filter_calls
from k6_runner.confinement.terms import Abilities, Terms

NOT_CONFINED = 126
NOT_STARTED = 127
TOO_MUCH_WRITTEN = 153

Child = subprocess.Popen[bytes]


def supervise(terms: Terms, command: Sequence[str]) -> int:
    """Run `command` to its end and return the exit code."""
    set_limits(terms)
    size = SizeWatch(terms.directory, terms.directory_bytes)
    try:
        child = _in_a_thread(lambda: _start(terms, command))
    except Unconfined as error:
        sys.stderr.write(f"{error}\n")
        return NOT_CONFINED
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        return NOT_STARTED
    return _watched(child, terms, size)


def _watched(child: Child, terms: Terms, size: SizeWatch) -> int:
    _forward_signals(child)
    parent_gone = threading.Event()
    _beside(lambda: _obey(child, parent_gone))
    _beside(lambda: _end_if_exceeded(child, size))
    code = child.wait()
    _kill(child)
    exceeded = size.exceeded
    if parent_gone.is_set():
        remove(terms.directory)
    return TOO_MUCH_WRITTEN if exceeded else _exit_code(code, terms)


def _start(terms: Terms, command: Sequence[str]) -> Child:
    """Give up the rights of this thread, so that the command never has them. Raises Unconfined."""
    abilities = abilities_here(terms.pretended)
    reason = missing(abilities)
    if reason and not terms.allow_unconfined:
        raise Unconfined(reason)
    if abilities.seatbelt:
        return _popen(confined_command(terms, command))
    _give_up(terms, abilities)
    return _popen(command)


def _give_up(terms: Terms, abilities: Abilities) -> None:
    if abilities.landlock:
        restrict(terms, abilities.landlock)
    if abilities.seccomp:
        filter_calls(terms.network)


def _in_a_thread(start: Callable[[], Child]) -> Child:
    """The child that `start` returns, or what it raises. Only that thread gives up rights: this one has to clean up."""
    outcome: list[Child | Exception] = []

    def run() -> None:
        try:
            outcome.append(start())
        except Exception as error:  # noqa: BLE001 - raised again below
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _beside(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


if sys.platform == "win32":

    def _popen(command: Sequence[str]) -> Child:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP
        )

    def _interrupt(child: Child) -> None:
        child.send_signal(signal.CTRL_BREAK_EVENT)

    def _kill(child: Child) -> None:
        child.kill()

else:

    def _popen(command: Sequence[str]) -> Child:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, process_group=0)

    def _interrupt(child: Child) -> None:
        child.send_signal(signal.SIGINT)

    def _kill(child: Child) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)


def _exit_code(code: int, terms: Terms) -> int:
    if code >= 0 or sys.platform == "win32":
        return code
    return CPU_EXCEEDED if exceeded_processor_time(terms) else 128 - code


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


def _end_if_exceeded(child: Child, size: SizeWatch) -> None:
    size.wait()
    _kill(child)
