"""Retries of calls that may fail in passing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from k6_cloud.errors import BadAnswer, NoAnswer, RateLimited, ServerFailure, StatusError

Result = TypeVar("Result")

_LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Retries:
    """The number of `attempts` in all, and the waits between them: from `wait` to `wait_max`, in seconds."""

    attempts: int = 4
    wait: float = 0.5
    wait_max: float = 5.0

    async def run(self, call: Callable[[int], Awaitable[Result]]) -> Result:
        """Call `call(attempt)`, from attempt 1, until it succeeds or fails for good. Obeys Retry-After up to 30 s."""
        # Imported only when used: a server need not pay for it at start-up.
        import stamina

        attempts = stamina.retry_context(
            on=_wait_before_retry,
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.wait,
            wait_max=self.wait_max,
            wait_jitter=self.wait,
        )
        async for attempt in attempts:
            with attempt:
                return await call(attempt.num)
        raise AssertionError("unreachable: the last failure was raised")


NO_RETRIES = Retries(attempts=1)


def _wait_before_retry(error: Exception) -> bool | float:
    """Whether a failure may pass by itself; a number is the seconds that the API asked us to wait."""
    if isinstance(error, BadAnswer):
        return False
    if isinstance(error, RateLimited | ServerFailure):
        return _patience(error)
    return isinstance(error, NoAnswer)


def _patience(error: StatusError) -> bool | float:
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= _LONGEST_WAIT else False
