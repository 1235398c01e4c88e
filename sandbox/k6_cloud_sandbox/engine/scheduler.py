"""The scheduler: does what the clock asks for, while the sandbox is open."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread

from k6_cloud_sandbox.store.store import Store
from k6_runner.background import alongside, survived

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5


class Scheduler:
    """Starts tests by their schedules, and deletes results whose retention is over.

    `wake` is called when a run waits. Starts that came while no sandbox was open are skipped, and logged.
    """

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Keep the schedules during the block."""
        async with alongside(self._work):
            yield

    async def _work(self) -> None:
        while True:
            with survived("The schedules could not be looked at"):
                await to_thread.run_sync(self._store.retention.delete_expired)
                await self._turn()
            await anyio.sleep(_POLL_SECONDS)

    async def _turn(self) -> None:
        for turn in await to_thread.run_sync(self._store.schedules.fire):
            if turn.missed_since:
                _log.warning(
                    "Scheduled starts of load test %s from %s on were skipped: no sandbox was running then",
                    turn.load_test_id,
                    turn.missed_since,
                )
            if turn.run_id:
                _log.info("Test run %s was started by a schedule", turn.run_id)
                self._wake()
