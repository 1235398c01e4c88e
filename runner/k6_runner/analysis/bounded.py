"""Our own code over foreign text, in processes that a limit of time and memory ends.

A hostile text can keep a pattern, a parser or a comparison busy for hours, and no thread can be ended. A process can,
so whatever reads text of unknown origin at length runs in one. They start when first needed and are used again.
"""

import atexit
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, TypeVarTuple, cast

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

from k6_cloud.errors import NotAnalysed
from k6_runner.analysis.bounded_process import OUT_OF_MEMORY, OUT_OF_TIME, PATIENCE
from k6_runner.environment import minimal_environment

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SECONDS = 1.5
MEMORY_BYTES = 512 * 1024 * 1024
PROCESSES = 2
# An idle process holds some 60 MB.
_IDLE_SECONDS = 300
# The time of a cold start comes on top of a call's own.
_START_SECONDS = 15
_PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from k6_runner.analysis.bounded_process import serve; serve(float(sys.argv[1]))"
)
_places: RunVar[anyio.CapacityLimiter] = RunVar("places of bounded calls")


async def run_bounded(
    function: Callable[[*Ts], T],
    *args: *Ts,
    what: str = "the script",
    seconds: float = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> T:
    """Call a function of a module (our own code) in another process, and give what it returns or raises.

    `seconds` of processor time and `memory_bytes` are all it gets. Raises NotAnalysed, about `what`, when it needs more
    or ends the process. Cancellation ends the process too. A few calls run at once; more wait for their turn.
    """
    packed = pickle.dumps((seconds, memory_bytes, pickle.dumps((function, args))))
    async with _limiter():
        answer = await _exchange(packed, what, seconds)
    succeeded, outcome = pickle.loads(answer)
    if succeeded:
        return cast(T, outcome)
    raise outcome


async def _exchange(packed: bytes, what: str, seconds: float) -> bytes:
    """Return a worker's answer. A worker that gives none is ended."""
    worker = _take()
    answer = None
    try:
        with anyio.move_on_after(seconds * PATIENCE + _START_SECONDS):
            answer = await to_thread.run_sync(worker.ask, packed, abandon_on_cancel=True)
    finally:
        if answer is None:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(worker.end)
    if answer is None:
        raise NotAnalysed(f"{what[:1].upper()}{what[1:]} was not analysed: {worker.reason()}")
    _idle.append(worker)
    return answer


def _take() -> "_Worker":
    """Take an idle worker; start one if there is none. One that ended meanwhile is of no use."""
    with suppress(IndexError):
        while True:
            worker = _idle.pop()
            if worker.is_alive:
                return worker
            worker.end()
    return _Worker()


def _limiter() -> anyio.CapacityLimiter:
    """The places of this event loop: a limiter belongs to one."""
    try:
        return _places.get()
    except LookupError:
        _places.set(limiter := anyio.CapacityLimiter(PROCESSES))
        return limiter


class _Worker:
    """A process that answers calls, started with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process is not None and self._process.poll() is None

    def ask(self, packed: bytes) -> bytes | None:
        """The answer to a call; None if the process ended without one. Blocks."""
        try:
            process = self._process or self._start()
            assert process.stdin
            assert process.stdout
            process.stdin.write(packed)
            process.stdin.flush()
            return pickle.load(process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            # The process ended; ValueError if its pipes were closed meanwhile.
            return None

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _PROGRAM, str(_IDLE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=minimal_environment(),
        )
        if self._ended:
            # It was cancelled while it started.
            self.end()
        assert process.stdin
        assert process.stdout
        pickle.dump(sys.path, process.stdin)
        process.stdin.flush()
        pickle.load(process.stdout)
        return process

    def reason(self) -> str:
        """Explain why the process, which has ended, gave no answer."""
        code = self._process.returncode if self._process else None
        if code == OUT_OF_MEMORY:
            return "it needs more memory than one text may take. Make it smaller."
        if code in (OUT_OF_TIME, -_signal("SIGPROF"), -_signal("SIGKILL")):
            return "it needs more time than one text may take. Make it smaller or simpler."
        return f"the process that read it ended unexpectedly (exit code {code}). Make it smaller or simpler."

    def end(self) -> None:
        """End the process at once."""
        self._ended = True
        if (process := self._process) is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close() if pipe else None


def _signal(name: str) -> int:
    """A signal's number; 0 where the system has none of that name."""
    return int(getattr(signal, name, 0))


_idle: list[_Worker] = []


@atexit.register
def _end_all() -> None:
    while _idle:
        _idle.pop().end()
