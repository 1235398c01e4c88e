"""What a start would cost: the priced preview of start_load_test.

The price comes from the service (`validate_options`), which takes options, not a script. They are read
from the archive, or by running k6 on the script, or from the newest run; where none of these is
possible the preview says that the cost is unknown.
"""

from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import BadRequest, K6CloudError, NotFound
from k6_cloud.models import Json, LoadTest, Page, TestRun, ValidateOptions
from k6_cloud.plan import OptionsError, Plan, plan_of
from k6_cloud.redaction import without_tokens
from k6_cloud.scripts import Script
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.guard import Preview
from k6_cloud_mcp_tools.load_tests import newest_runs
from k6_cloud_mcp_tools.projects import project_names
from k6_cloud_mcp_tools.scripts import describe


@dataclass(frozen=True)
class KnownOptions:
    """Options and where they were found; None with the reason where they are unknown."""

    options: Json | None
    source: str


async def preview_start(app: App, load_test_id: int) -> Preview:
    """The price and circumstances of a start. Raises ToolError for a test without a script."""
    test = await app.k6.load_tests.get(load_test_id)
    runs = await newest_runs(app.k6, load_test_id)
    try:
        script = await app.k6.load_tests.download_script(load_test_id)
    except NotFound as error:
        raise ToolError(
            f"Not started: load test {test.id} has no script. Set one with upload_load_test_script first."
        ) from error
    with script:
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
    if app.inspect_script and (inspected := await app.inspect_script(script)) is not None:
        return KnownOptions(inspected, "from the script, read by k6")
    for run in runs.value:
        if run.options is not None:
            return KnownOptions(run.options, f"as in run {run.id}; the script may have changed since")
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
    """One line with the price. Raises BadRequest for options that the service refuses."""
    if known.options is None:
        return f"Cost: unknown ({known.source})."
    request = ValidateOptions(options=without_tokens(known.options), project_id=test.project_id)
    try:
        price = await app.k6.validate_options(request)
    except BadRequest:
        raise
    except K6CloudError as error:
        return f"Cost: unknown (the price could not be read: {error})"
    return f"Cost: {price.vuh_usage:g} VUh{_load(known.options)} (options {known.source})."


def _load(options: Json) -> str:
    try:
        plan: Plan = plan_of(options)
    except OptionsError:
        return ""
    return f" for up to {plan.max_vus} VUs over {_minutes(plan.seconds)}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0 or not minutes))


def _zones(options: Json | None) -> list[str]:
    """The load zones that the options name, if any."""
    cloud: Any = (options or {}).get("cloud") or {}
    distribution: dict[str, Any] = cloud.get("distribution") or {}
    shares = [f"{zone.get('loadZone')} {zone.get('percent')} %" for zone in distribution.values()]
    return [f"Load zones: {', '.join(shares)}."] if shares else []


def _last_run(runs: Page[TestRun]) -> str:
    for run in runs.value:
        if not run.is_final:
            return f"Run {run.id} of this test is still {run.status}: this would be one more."
        return f"Last run: {run.id}, {run.created:%Y-%m-%d %H:%M} UTC, {run.result or run.status}."
    return "It has never run."
