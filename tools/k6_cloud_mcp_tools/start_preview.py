"""What a start would cost: the priced preview of start_load_test.

The price comes from the service (`validate_options`), which takes options, not a script. They are read
from the archive, or by running k6 on the script, or from the newest run; where none of these is
possible the preview says that the cost is unknown.
"""

from dataclasses import dataclass
from typing import Any, cast

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import BadRequest, K6CloudError, ScriptError, StatusError
from k6_cloud.load import OptionsError, load_of
from k6_cloud.models import Json, LoadTest, Page, TestRun, ValidateOptions
from k6_cloud.redaction import without_tokens
from k6_cloud.scripts import Script
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.guard import Preview
from k6_cloud_mcp_tools.load_tests import newest_runs
from k6_cloud_mcp_tools.projects import project_names
from k6_cloud_mcp_tools.scripts import describe, stored_script


@dataclass(frozen=True)
class KnownOptions:
    """Options and where they were found; None with the reason where they are unknown.

    `current` says that they are those of the script, not of an earlier run.
    """

    options: Json | None
    source: str
    current: bool = True


async def preview_start(app: App, load_test_id: int) -> Preview:
    """The price and circumstances of a start. Raises ToolError for a test without a script."""
    test = await app.k6.load_tests.get(load_test_id)
    runs = await newest_runs(app.k6, load_test_id)
    stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        raise ToolError(
            f"Not started: load test {test.id} has no script. Set one with upload_load_test_script first."
        )
    with stored as script:
        known = await _find_options(app, script, runs)
        lines = [
            await _headline(app, test),
            f"Script: {describe(script)}.",
            await _cost(app, test, known),
            *_zones(known.options),
            _last_run(runs),
        ]
        return Preview("\n".join(lines))


async def _find_options(app: App, script: Script, runs: Page[TestRun]) -> KnownOptions:
    if script.kind == "archive":
        return KnownOptions(script.options(), "from the archive")
    if app.inspect_script:
        try:
            inspected = await app.inspect_script(script)
        except ScriptError as error:
            if app.sandbox:
                raise ToolError(f"Not started: {error}") from error
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


async def _headline(app: App, test: LoadTest) -> str:
    projects = await project_names(app.k6)
    where = (
        "k6 runs on this machine (sandbox): nothing is charged" if app.sandbox else "it sends real traffic"
    )
    return (
        f"Start load test {test.name!r} (id {test.id}) in project {projects.label(test.project_id)}; {where}."
    )


async def _cost(app: App, test: LoadTest, known: KnownOptions) -> str:
    """One line with the price. Raises ToolError when the service refuses the script's options."""
    if known.options is None:
        return f"Cost: unknown ({known.source})."
    request = ValidateOptions(options=without_tokens(known.options), project_id=test.project_id)
    try:
        price = await app.k6.validate_options(request)
    except K6CloudError as error:
        if isinstance(error, BadRequest) and known.current:
            raise ToolError(
                f"Not started: the service refuses the options ({known.source}). {error}"
            ) from error
        return f"Cost: unknown (no price for the options {known.source}: {_reason(error)})."
    return f"Cost: {price.vuh_usage:g} VUh{_load(known.options)} (options {known.source})."


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


def _zones(options: Json | None) -> list[str]:
    """The load zones that the options name, if any."""
    given = options or {}
    cloud = _object(given.get("cloud")) or _object(_object(given.get("ext")).get("loadimpact"))
    zones = [_object(zone) for zone in _object(cloud.get("distribution")).values()]
    shares = [f"{zone.get('loadZone')} {zone.get('percent')} %" for zone in zones]
    return [f"Load zones: {', '.join(shares)}."] if shares else []


def _object(value: Any) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _last_run(runs: Page[TestRun]) -> str:
    # Not how far an unfinished run is: the preview must stay the same while somebody reads it.
    if unfinished := [run.id for run in runs.value if not run.is_final]:
        return f"Run {unfinished[0]} of this test has not ended: this would be one more."
    if not runs.value:
        return "It has never run."
    last = runs.value[0]
    return f"Last run: {last.id}, {last.created:%Y-%m-%d %H:%M} UTC, {last.result or last.status}."
