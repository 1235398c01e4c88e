"""What a run of a test would cost.

The price comes from the service (`validate_options`), which takes options, not a script. They are read
from the archive, or by running k6 on the script, or from the newest run; where none of these is
possible the price is unknown, and says why.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import BadRequest, K6CloudError, ScriptError, StatusError
from k6_cloud.load import OptionsError, load_of
from k6_cloud.models import Json, LoadTest, Page, TestRun, ValidateOptions
from k6_cloud.redaction import without_tokens
from k6_cloud.scripts import Script
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.load_tests import newest_runs
from k6_cloud_mcp_tools.scripts import stored_script


class CannotRun(Exception):
    """The test cannot run as it is; the message is the reason."""


@dataclass(frozen=True)
class KnownOptions:
    """Options and where they were found; None with the reason where they are unknown.

    `current` says that they are those of the script, not of an earlier run.
    """

    options: Json | None
    source: str
    current: bool = True


@dataclass(frozen=True)
class Price:
    """The price of a run in words, and in VUh where it is known; `options` are those it was made from."""

    words: str
    vuh: float | None = None
    options: Json | None = None


@contextmanager
def refusing(outcome: str) -> Generator[None, None, None]:
    """Turn CannotRun into the refusal of a call: `outcome` says what was not done."""
    try:
        yield
    except CannotRun as error:
        raise ToolError(f"{outcome}: {error}") from error


async def price_of(app: App, test: LoadTest) -> Price:
    """The price of a run of a test. Raises CannotRun when it has no script, or one that cannot run."""
    stored = await stored_script(app.k6, test.id)
    if stored is None:
        raise CannotRun(f"load test {test.id} has no script. Set one with upload_load_test_script first.")
    with stored as script:
        return await price_of_script(app, test, script, await newest_runs(app.k6, test.id))


async def price_of_script(app: App, test: LoadTest, script: Script, runs: Page[TestRun]) -> Price:
    """The price of a run of a test with this script. Raises CannotRun when it cannot run."""
    return await _priced(app, test, await _find_options(app, script, runs))


async def _find_options(app: App, script: Script, runs: Page[TestRun]) -> KnownOptions:
    if script.kind == "archive":
        return KnownOptions(script.options(), "from the archive")
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
            return KnownOptions(inspected, "from the script, read by k6")
    return _options_of_a_run(runs)


def _options_of_a_run(runs: Page[TestRun]) -> KnownOptions:
    for run in runs.value:
        if run.options is not None:
            source = f"as in run {run.id}; the script may have changed since"
            return KnownOptions(run.options, source, current=False)
    return KnownOptions(None, "there is no k6 here to read the script's options, and no earlier run")


async def _priced(app: App, test: LoadTest, known: KnownOptions) -> Price:
    """The service's price for known options. Raises CannotRun when it refuses those of the script itself."""
    if known.options is None:
        return Price(f"unknown ({known.source})")
    request = ValidateOptions(options=without_tokens(known.options), project_id=test.project_id)
    try:
        price = await app.k6.validate_options(request)
    except K6CloudError as error:
        if isinstance(error, BadRequest) and known.current:
            raise CannotRun(f"the service refuses the options ({known.source}). {error}") from error
        return Price(
            f"unknown (no price for the options {known.source}: {_reason(error)})", options=known.options
        )
    words = f"{price.vuh_usage:g} VUh{_load(known.options)} (options {known.source})"
    return Price(words, price.vuh_usage, known.options)


def _reason(error: K6CloudError) -> str:
    if isinstance(error, StatusError):
        return f"the service answered {error.status}, {error.error.message.rstrip('.')}"
    return "the service gave no usable answer"


def _load(options: Json) -> str:
    try:
        load = load_of(options)
    except OptionsError:
        return ""
    return f" for up to {load.max_vus} VUs over {_minutes(load.duration)}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0 or not minutes))
