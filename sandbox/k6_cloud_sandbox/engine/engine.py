"""The engine: takes runs from the queue, a few at a time, and lets k6 run them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from k6_cloud.models import StatusExtra
from k6_cloud_sandbox.engine.engine_lock import Owner
from k6_cloud_sandbox.engine.job import Job
from k6_cloud_sandbox.engine.run_network import RunNetwork
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.queue import Queue
from k6_cloud_sandbox.store.run_state import Ending
from k6_runner.background import alongside, survived


def _because(message: str) -> Ending:
    return Ending("aborted", "error", StatusExtra(message=message))


# How soon this process sees what another one wrote; its own requests wake it at once.
_POLL_SECONDS = 0.5
LEFT_BEHIND = _because("The sandbox stopped while this run was under way. Start the test again.")
NOT_RECORDED = _because("The sandbox could not record how this run ended. Start the test again.")


class Engine:
    """Runs the waiting runs of `queue`, in the order they came, as `owner`."""

    def __init__(self, queue: Queue, owner: Owner, settings: SandboxSettings, network: RunNetwork) -> None:
        self._queue = queue
        self._owner = owner
        self._settings = settings
        self._network = network
        self._jobs: dict[int, Job] = {}
        self._woken = anyio.Event()

    def wake(self) -> None:
        """Look at the queue now: there is a new run, or one is to be aborted."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Work through the queue during the block; runs still under way at its end are stopped and ended."""
        try:
            async with alongside(self._work):
                yield
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._queue.end_all_of, self._owner.name, LEFT_BEHIND)

    async def _work(self) -> None:
        async with anyio.create_task_group() as tasks:
            while True:
                self._woken = anyio.Event()
                with survived("The queue of test runs could not be worked on"):
                    await self._turn(tasks)
                with anyio.move_on_after(_POLL_SECONDS):
                    await self._woken.wait()

    async def _turn(self, tasks: TaskGroup) -> None:
        await to_thread.run_sync(self._end_left_behind)
        for run_id, abort_requested in (await to_thread.run_sync(self._under_way)).items():
            job = self._jobs.get(run_id)
            if job is None:
                await to_thread.run_sync(self._queue.end, run_id, self._owner.name, NOT_RECORDED)
            elif abort_requested:
                job.stop.set()
        while (run_id := await to_thread.run_sync(self._claim)) is not None:
            self._jobs[run_id] = Job(run_id, self._owner.name, self._queue, self._settings, self._network)
            tasks.start_soon(self._run, run_id)

    async def _run(self, run_id: int) -> None:
        with survived(f"The end of test run {run_id} could not be recorded"):
            await self._jobs[run_id].run()
        del self._jobs[run_id]
        self.wake()

    def _under_way(self) -> dict[int, bool]:
        return self._queue.under_way(self._owner.name)

    def _claim(self) -> int | None:
        return self._queue.claim(self._owner.name, self._settings.max_concurrent_runs)

    def _end_left_behind(self) -> None:
        for name in self._queue.owners():
            if self._owner.is_dead(name):
                self._queue.end_all_of(name, LEFT_BEHIND)
                self._owner.forget(name)
