"""The number of scripts that k6 reads at a time, in this process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from k6_runner.limits import RunLimits

_READERS = RunVar[CapacityLimiter]("readers")


@asynccontextmanager
async def a_reader(limits: RunLimits) -> AsyncGenerator[None, None]:
    """Wait for a turn to let k6 read a script. Runs are not counted: whoever starts them bounds their number."""
    limiter = _READERS.get(None) or CapacityLimiter(limits.readers)
    limiter.total_tokens = limits.readers
    _READERS.set(limiter)
    async with limiter:
        yield
