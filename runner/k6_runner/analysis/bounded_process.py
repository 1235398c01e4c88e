"""The worker's side of bounded analysis: call one function after another, each under limits of its own.

It speaks pickle over standard input and output with the process that started it, and ends when its input does. The
system itself ends it when a call uses up its time: neither a pattern nor a C library lets Python code do that.
"""

import faulthandler
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

if sys.platform != "win32":
    import resource

OUT_OF_MEMORY = 86
OUT_OF_TIME = 1
ENDED_IDLE = 87
# Processor time is counted, so that a busy machine refuses nothing; the clock only ends a call that waits.
PATIENCE = 4
_ANSWER_BYTES = 128 * 1024 * 1024
_FILE_BYTES = 256 * 1024 * 1024

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def serve(idle_seconds: float) -> None:
    """Answer calls until the input ends, or none came for that long."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not reach the channel.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _send(answers, b"ready")
    with suppress(EOFError):
        while True:
            seconds, memory_bytes, packed = _next_call(calls, idle_seconds)
            _send(answers, _answer(pickle.loads(packed), seconds, memory_bytes))


def _next_call(calls: BinaryIO, idle_seconds: float) -> tuple[float, int, bytes]:
    timer = threading.Timer(idle_seconds, os._exit, (ENDED_IDLE,))
    timer.daemon = True
    timer.start()
    try:
        return pickle.load(calls)
    finally:
        timer.cancel()


def _send(answers: BinaryIO, data: bytes) -> None:
    pickle.dump(data, answers)
    answers.flush()


def _answer(call: Call, seconds: float, memory_bytes: int) -> bytes:
    """The pickled outcome of a call: whether it succeeded, and its result or exception."""
    _limit_memory(memory_bytes)
    _start_clock(seconds)
    try:
        packed = _outcome(*call)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    _stop_clock()
    return packed


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    try:
        packed = pickle.dumps((True, function(*arguments)))
        if len(packed) > _ANSWER_BYTES:
            raise MemoryError
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - raised again by the caller
        return _packed_error(error)
    return packed


def _packed_error(error: Exception) -> bytes:
    """A failure that can be unpacked again; an unexpected one with the lines of code it came from."""
    if type(error).__module__ == "builtins":
        error.add_note("".join(traceback.format_tb(error.__traceback__)))
    try:
        packed = pickle.dumps((False, error))
        pickle.loads(packed)
    except Exception:  # noqa: BLE001 - an exception may refuse in any way
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed


if sys.platform == "win32":

    def _limit_memory(_memory_bytes: int) -> None:
        """Nothing: Windows has no such limit."""

    def _start_clock(seconds: float) -> None:
        _exit_after(seconds)

    def _stop_clock() -> None:
        faulthandler.cancel_dump_traceback_later()

else:

    def _limit_memory(memory_bytes: int) -> None:
        for kind, value in (
            (resource.RLIMIT_DATA, memory_bytes),
            (resource.RLIMIT_FSIZE, _FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            # A soft limit: the next call may be allowed more.
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))

    def _start_clock(seconds: float) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        _exit_after(seconds * PATIENCE)

    def _stop_clock() -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


def _exit_after(seconds: float) -> None:
    """End this process then, from a thread that needs no interpreter: also when the parent is long gone."""
    faulthandler.dump_traceback_later(seconds, exit=True)
