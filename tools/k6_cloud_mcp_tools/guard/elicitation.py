"""A question on its way to a person: how long it is waited for, and which answer came.

Before 2026-07-28 the server itself waits, and a client that never answers would hold the call for ever.
Since then the answer comes with the next call, under a sealed state that serves only once.
"""

import math
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import anyio


@dataclass
class Waiting:
    """A call that may come to wait for a person; `is_open` while it does."""

    scope: anyio.CancelScope
    is_open: bool = False


_waiting: ContextVar[Waiting | None] = ContextVar("waiting", default=None)
# Set by the server's codec when it opens the sealed state that an answer came with.
answered_state: ContextVar[bytes | None] = ContextVar("answered_state", default=None)


@contextmanager
def waiting() -> Generator[Waiting, None, None]:
    """The scope of a call. It ends early, still open, when a question stays unanswered for too long."""
    with anyio.CancelScope() as scope:
        wait = Waiting(scope)
        token = _waiting.set(wait)
        try:
            yield wait
        finally:
            _waiting.reset(token)


def asked(seconds: float) -> None:
    """A question goes out now: its answer is waited for that long."""
    if wait := _waiting.get():
        wait.is_open = True
        wait.scope.deadline = anyio.current_time() + seconds


def answered() -> None:
    """Nothing is waited for any more."""
    if wait := _waiting.get():
        wait.is_open = False
        wait.scope.deadline = math.inf
