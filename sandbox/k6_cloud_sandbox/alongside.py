"""Work that goes on beside a block of code."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio


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
