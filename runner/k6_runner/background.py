"""Work that goes on beside a block of code, and outlives its failures."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio

_log = logging.getLogger(__name__)


@asynccontextmanager
async def alongside(
    work: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], None] | None = None
) -> AsyncGenerator[None, None]:
    """Run `work` during the block; at its end call `stop`, or cancel the work where there is none.

    An exception of the block comes out as it is, not inside the group that tasks would wrap it in.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again below
            failure = error
        finally:
            (stop or tasks.cancel_scope.cancel)()
    if failure is not None:
        raise failure


async def side_by_side(*works: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Do all works at once and return their results in order, or raise the first failure in that order."""
    outcomes: list[Any] = [None] * len(works)

    async def keep(place: int, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            outcomes[place] = await work()
        except Exception as error:  # noqa: BLE001 - raised again below
            outcomes[place] = error

    async with anyio.create_task_group() as tasks:
        for place, work in enumerate(works):
            tasks.start_soon(keep, place, work)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return outcomes


@contextmanager
def survived(what_failed: str) -> Generator[None, None, None]:
    """Log a failure and go on: a full disk or a locked database may pass, and the work with it."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever fails, the rest goes on
        _log.exception(what_failed)
