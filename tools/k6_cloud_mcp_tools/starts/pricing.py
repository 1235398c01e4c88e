"""The price of a run of a test.

The price comes from the service (`validate_options`), which takes options, not a script. They are read
from the archive, or by running k6 on the script, or from the newest run; where none of these is
possible the price is unknown, and says why.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import BadRequest, K6CloudError, ScriptError, StatusError
from k6_cloud.models import Json, LoadTest, Page, TestRun, ValidatedOptions, ValidateOptions
from k6_cloud.redaction import without_tokens
from k6_cloud.schedules import CreateSchedule
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.planned_load import PlannedRun
from k6_cloud_mcp_tools.scripts.stored import stored_script
from k6_cloud_mcp_tools.starts.estimate import Estimate, doubts_of, lifecycle_of
from k6_cloud_mcp_tools.starts.runs import newest_runs
from k6_cloud_mcp_tools.untrusted_text import visible


class CannotRun(Exception):
    """The test cannot run as it is; the message is the reason."""


@dataclass(frozen=True)
class KnownOptions:
    """Options and their source; None with the reason if they are unknown.

    `current` says that they are those of the script, not of an earlier run. `uncertain` are reasons why a run may
    have others, `warnings` those of k6; `digest` stands for the options when the sandbox starts one.
    """

    options: Json | None
    source: str
    current: bool = True
    uncertain: tuple[str, ...] = ()
    digest: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """Their source, with the reasons to doubt them and k6's warnings."""
        doubts = (
            f"; uncertain, because of {', '.join(map(visible, self.uncertain))}" if self.uncertain else ""
        )
        warnings = f"; k6 warns: {'; '.join(map(visible, self.warnings))}" if self.warnings else ""
        return f"{self.source}{doubts}{warnings}"

    @property
    def reliable(self) -> bool:
        """Whether a run will have these options."""
        return self.current and not self.uncertain


@dataclass(frozen=True)
class Price:
    """The price of a run in words, and in VUh if it is known; `options` are those it was made from.

    `vuh` is the estimate; `most` is what the run can cost if iterations hang until graceful stops and timeouts end
    them. `current` says that a run will have these options, so that price and VUs can be relied on. A sandbox
    runs nothing but options of this `digest`.
    """

    words: str
    vuh: float | None = None
    most: float | None = None
    options: Json | None = None
    max_vus: int | None = None
    current: bool = True
    digest: str | None = None

    @classmethod
    def of_broken(cls, reason: str) -> Self:
        """Return the price of a test whose runs end before they begin."""
        return cls(f"none, because it cannot run ({reason.rstrip('.')})", vuh=0.0, most=0.0, max_vus=0)

    def planned_run(self, schedule: CreateSchedule | None = None, name: str = "it") -> PlannedRun:
        """Return what ceilings count: nothing is known by options that may have changed since."""
        most, max_vus = (self.most, self.max_vus) if self.current else (None, None)
        return PlannedRun(most, max_vus, schedule, name)


@contextmanager
def refusing(outcome: str) -> Generator[None, None, None]:
    """Turn CannotRun into the refusal of a call: `outcome` says what was not done."""
    try:
        yield
    except CannotRun as error:
        raise ToolError(f"{outcome}: {error}") from error


async def price_of(app: App, test: LoadTest, *, whatever_limits: bool = False) -> Price:
    """Return the price of a run of a test. Raises CannotRun for one without a script, or with one that cannot run.

    With `whatever_limits` the service, which refuses what is over the limits of a project, is not asked.
    """
    stored = await stored_script(app.k6, test.id)
    if stored is None:
        raise CannotRun(f"load test {test.id} has no script. Set one with upload_load_test_script first.")
    with stored as script:
        known = await _find_options(app, script, await newest_runs(app.k6, test.id))
        return await _priced(app, test, script, known, whatever_limits=whatever_limits)


async def price_of_script(app: App, test: LoadTest, script: Script, runs: Page[TestRun]) -> Price:
    """Return the price of a run of a test with this script. Raises CannotRun if it cannot run."""
    return await _priced(app, test, script, await _find_options(app, script, runs))


async def _find_options(app: App, script: Script, runs: Page[TestRun]) -> KnownOptions:
    if script.kind == "archive":
        return KnownOptions(await to_thread.run_sync(script.options), "from the archive")
    if app.inspect_script:
        try:
            inspected = await app.inspect_script(script)
        except ScriptError as error:
            if app.sandbox:
                raise CannotRun(str(error)) from error
            # The service has other k6 versions, extensions and variables: it may run what k6 here cannot read.
            reason = str(error).rstrip(".")
            return KnownOptions(None, f"k6 on this machine cannot read the script, the service may: {reason}")
        if inspected is not None:
            return KnownOptions(
                inspected.options,
                inspected.source,
                uncertain=inspected.uncertain,
                digest=inspected.digest,
                warnings=inspected.warnings,
            )
    return await _options_of_a_run(app, script, runs)


async def _options_of_a_run(app: App, script: Script, runs: Page[TestRun]) -> KnownOptions:
    """The options of the newest run that has any, and whether its script is still the same."""
    run = next((run for run in runs.value if run.options is not None), None)
    if run is None:
        return KnownOptions(None, "there is no k6 here to read the script's options, and no earlier run")
    if await _has_script(app, run, script):
        doubts = await doubts_of(app, script)
        return KnownOptions(run.options, f"as in run {run.id}, of the same script", uncertain=doubts)
    return KnownOptions(run.options, f"as in run {run.id}; the script may have changed since", current=False)


async def _has_script(app: App, run: TestRun, script: Script) -> bool:
    try:
        with await app.k6.test_runs.download_script(run.id) as ran:
            return ran.sha256 == script.sha256
    except K6CloudError:
        return False


async def _priced(
    app: App, test: LoadTest, script: Script, known: KnownOptions, *, whatever_limits: bool = False
) -> Price:
    """Return the price for known options. Raises CannotRun if the service refuses those of the script itself."""
    if known.options is None:
        return Price(f"unknown ({known.source})")
    estimate = Estimate.of(known.options, await lifecycle_of(app, script))
    try:
        price = None if whatever_limits else await _service_price(app, test, known.options)
    except K6CloudError as error:
        if isinstance(error, BadRequest) and known.current:
            raise CannotRun(f"the service refuses the options ({known.source}). {error}") from error
        words = f"unknown (no price for the options {known.described}: {reason_of(error)})"
        return Price(
            words,
            options=known.options,
            max_vus=estimate.max_vus,
            current=known.reliable,
            digest=known.digest,
        )
    vuh, most = estimate.vuh(price), estimate.most(price)
    words = f"{estimate.in_words(vuh, most)} (options {known.described})"
    return Price(words, vuh, most, known.options, estimate.max_vus, known.reliable, known.digest)


async def _service_price(app: App, test: LoadTest, options: Json) -> ValidatedOptions:
    request = ValidateOptions(options=without_tokens(options), project_id=test.project_id)
    return await app.k6.validate_options(request)


def reason_of(error: K6CloudError) -> str:
    """Explain in a few words why something could not be read."""
    if isinstance(error, StatusError):
        return f"the service answered {error.status}, {visible(error.error.message.rstrip('.'))}"
    return "the service gave no usable answer"
