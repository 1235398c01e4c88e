"""The priced preview of start_load_test."""

from typing import Any, cast

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.models import Json, LoadTest, Page, TestRun
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.guard import Preview
from k6_cloud_mcp_tools.load_tests import newest_runs
from k6_cloud_mcp_tools.pricing import price_of_script, refusing
from k6_cloud_mcp_tools.projects import project_names
from k6_cloud_mcp_tools.scripts import describe, stored_script


async def preview_start(app: App, load_test_id: int) -> Preview:
    """The price and circumstances of a start. Raises ToolError for a test without a script that can run."""
    test = await app.k6.load_tests.get(load_test_id)
    runs = await newest_runs(app.k6, load_test_id)
    stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        raise ToolError(
            f"Not started: load test {test.id} has no script. Set one with upload_load_test_script first."
        )
    with stored as script, refusing("Not started"):
        price = await price_of_script(app, test, script, runs)
        lines = [
            await _headline(app, test),
            f"Script: {describe(script)}.",
            f"Cost: {price.words}.",
            *_zones(price.options),
            _last_run(runs),
        ]
        return Preview("\n".join(lines))


async def _headline(app: App, test: LoadTest) -> str:
    projects = await project_names(app.k6)
    where = (
        "k6 runs on this machine (sandbox): nothing is charged" if app.sandbox else "it sends real traffic"
    )
    return (
        f"Start load test {test.name!r} (id {test.id}) in project {projects.label(test.project_id)}; {where}."
    )


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
