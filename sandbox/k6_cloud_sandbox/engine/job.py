"""One run, from the queue to its end."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import anyio
from anyio import to_thread

from k6_cloud.errors import ErrorDetail
from k6_cloud.models import Cost, Json, StatusExtra
from k6_cloud.planning.load import Load
from k6_cloud.redaction import redact_options
from k6_cloud.scripts.reach import Reach
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import digest_of
from k6_cloud_sandbox.checks.estimate import load_of, price
from k6_cloud_sandbox.checks.options import distribution_of, excess, zones_of
from k6_cloud_sandbox.checks.projects import forbidden
from k6_cloud_sandbox.engine.run_network import RunNetwork
from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.queue import Queue
from k6_cloud_sandbox.store.quota import Allowance
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.runs import SANDBOX_USER
from k6_runner.background import alongside
from k6_runner.binary import INSTALL_HINT, K6, find_k6
from k6_runner.capture.frame import Frame
from k6_runner.execution import execute
from k6_runner.outcome import Outcome
from k6_runner.process import NotConfined
from k6_runner.reading.inspection import Inspection, archived, inspect, options_written_in
from k6_runner.reading.k6_inspect import ScriptRejected

_log = logging.getLogger(__name__)


class _Unfit(Exception):
    """The run cannot begin; the message says why and what to do."""


@dataclass
class Job:
    """A claimed run; setting `stop` ends it as aborted by the user."""

    run_id: int
    owner: str
    queue: Queue
    settings: SandboxSettings
    network: RunNetwork
    stop: anyio.Event = field(default_factory=anyio.Event)

    async def run(self) -> None:
        """Inspect and run the script. The run is ended whatever happens, except when this is cancelled."""
        try:
            await self._prepare_and_execute()
        except (_Unfit, NotConfined) as error:
            await self._end(_aborted(str(error)))
        except ScriptRejected as error:
            await self._end(_aborted(error.message, error.code))
        except Exception as error:  # noqa: BLE001 - whatever failed, the run must end
            _log.exception("Test run %s could not be carried out", self.run_id)
            await self._end(_aborted(f"The sandbox could not carry out the run: {error}"))

    async def _prepare_and_execute(self) -> None:
        k6 = await find_k6(self.settings.k6_path)
        if k6 is None:
            raise _Unfit(f"k6 was not found, so the test did not run. {INSTALL_HINT}")
        script = await to_thread.run_sync(self.queue.script, self.run_id)
        if script is None:
            raise _Unfit(
                "The test has no script, so there was nothing to run. Upload one, then start it again."
            )
        with script:
            async with archived(k6, script, self.settings.limits, self._env) as archive:
                if script.kind == "javascript":
                    await self._require_previewed(archive)
                await self._inspect_and_execute(k6, archive)

    async def _require_previewed(self, archive: Script) -> None:
        """Raise _Unfit if the options are not the ones that were shown when the run was agreed to."""
        previewed = await to_thread.run_sync(self.queue.previewed, self.run_id)
        if previewed and previewed != digest_of(options_written_in(archive)):
            raise _Unfit(
                "The script's options read otherwise than in the preview of this start, so it did not run: they depend on "
                "the time, on chance or on a variable. Make them constant, then start it again."
            )

    async def _inspect_and_execute(self, k6: K6, script: Script) -> None:
        inspection = await inspect(k6, script, self.settings.limits, self._env)
        load = self._fitting_load(inspection)
        cost = price(load, load.duration)
        await self._admit(load, cost, inspection.options)
        reach = await to_thread.run_sync(self.network.reach_of, script, inspection.options)
        await self._execute(k6, script, load, reach, _facts(k6, inspection.options, load, cost))

    def _fitting_load(self, inspection: Inspection) -> Load:
        """Return the load of the run. Raises _Unfit past the caps."""
        try:
            load = replace(load_of(inspection.options), max_vus=inspection.max_vus)
        except InvalidRequest as error:
            details = "; ".join(f"{d.target}: {d.message}" for d in error.error.details or [])
            raise _Unfit(f"The script's options cannot be used: {details}") from None
        if problems := list(excess(load, self.settings.limits)):
            raise _Unfit(" ".join(problem.message for problem in problems))
        return load

    async def _admit(self, load: Load, cost: Cost, options: Json) -> None:
        """Let the run in. Raises _Unfit for what its project forbids."""

        def check(allowance: Allowance) -> Iterator[ErrorDetail]:
            return forbidden(load, cost.total_vuh, zones_of(options), allowance)

        problems = await to_thread.run_sync(self.queue.admit, self.run_id, self.owner, cost, check)
        if problems:
            raise _Unfit(" ".join(problem.message for problem in problems))

    async def _execute(
        self, k6: K6, script: Script, load: Load, reach: Reach, facts: dict[str, object]
    ) -> None:
        started = anyio.Event()
        running = anyio.Event()

        async def announce() -> None:
            await started.wait()
            await self._enter("running", facts)
            running.set()

        async with alongside(announce):
            outcome = await execute(
                k6,
                script,
                self.settings.limits,
                self._env,
                reach,
                stop=self.stop,
                started=started.set,
                record=self._record,
            )
            if started.is_set():
                await running.wait()
                await self._enter("processing_metrics")
        await self._end(_ending(outcome, load), outcome)

    async def _enter(self, status: str, facts: dict[str, object] | None = None) -> None:
        await to_thread.run_sync(self.queue.enter, self.run_id, self.owner, status, facts)

    async def _record(self, frame: Frame) -> None:
        await to_thread.run_sync(self.queue.record, self.run_id, self.owner, frame)

    async def _end(self, ending: Ending, outcome: Outcome | None = None) -> None:
        await to_thread.run_sync(self.queue.end, self.run_id, self.owner, ending, outcome)

    @property
    def _env(self) -> dict[str, str]:
        return self.network.variables


def _aborted(message: str, code: int | None = None) -> Ending:
    return Ending("aborted", "error", StatusExtra(message=message, code=code))


def _ending(outcome: Outcome, load: Load) -> Ending:
    """The end that k6 came to, charged by the time it really took."""
    user = SANDBOX_USER if outcome.by_user else None
    extra = StatusExtra(by_user=user, message=outcome.message, code=outcome.code)
    facts = {"execution_duration": math.ceil(outcome.seconds), "cost": price(load, outcome.seconds)}
    return Ending(outcome.status, outcome.result, extra, facts)


def _facts(k6: K6, options: Json, load: Load, cost: Cost) -> dict[str, object]:
    """Return the fields of a run once its script is known; the cost is an estimate until the run has ended."""
    return {
        "options": redact_options(options),
        "distribution": distribution_of(options),
        "k6_versions": {"k6": k6.version},
        "max_vus": load.max_vus,
        "max_browser_vus": load.browser_vus,
        "estimated_duration": math.ceil(load.duration),
        "cost": cost,
    }
