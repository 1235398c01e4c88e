"""The tool that checks a script for known problems before it is stored or run."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError, ScriptError, ScriptNotRead, ScriptTooLarge
from k6_cloud.models import Json
from k6_cloud.redaction import without_tokens
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.lint.analysis import Report, SourceText, lint
from k6_cloud_mcp_tools.lint.findings import Finding
from k6_cloud_mcp_tools.lint.k6_rules import NOT_READ, REJECTED, warned
from k6_cloud_mcp_tools.lint.option_rules import unknown_zone
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.parameters import LoadTestId, ScriptPath, ScriptText
from k6_cloud_mcp_tools.results import without_output
from k6_cloud_mcp_tools.scripts.given import Unbundled, given_script, local_script
from k6_cloud_mcp_tools.scripts.project_sources import project_sources
from k6_cloud_mcp_tools.scripts.sources import sources_of
from k6_cloud_mcp_tools.scripts.stored import stored_script
from k6_cloud_mcp_tools.scripts.typescript import NAME as TYPESCRIPT_NAME

_MOST = 50
_ORDER = ("error", "warning", "hint")
K6Verdict = Literal["accepted", "rejected", "not available"]


class Linted(BaseModel):
    """The findings, worst first; `total` counts all. `k6` tells whether k6 accepts it, `options` its reading of them.

    Nothing found is no proof that the script does what it should.
    """

    k6: K6Verdict
    total: int
    findings: list[Finding]
    options: Json | None = None


@dataclass(frozen=True)
class _Reading:
    """k6's verdict on a script, the options as they were read, its warnings, and its reason if it refuses."""

    verdict: K6Verdict
    options: Json | None = None
    warnings: tuple[str, ...] = ()
    complaint: Finding | None = None


@dataclass(frozen=True)
class _Subject:
    """The texts to check, k6's reading of them, and what was found while they were gathered."""

    sources: list[SourceText]
    reading: _Reading
    findings: Sequence[Finding] = ()


async def lint_script(
    app: TheApp,
    script: ScriptText = None,
    script_path: ScriptPath = None,
    load_test_id: LoadTestId | None = None,
) -> Linted:
    """Check a script for known problems, by line, before it is stored or run; a stored one by load_test_id."""
    if [script, script_path, load_test_id].count(None) != 2:
        raise ToolError("Give one of script, script_path and load_test_id. Nothing was checked.")
    subject = await _subject(app, script, script_path, load_test_id)
    report = await app.in_worker(lint, subject.sources, subject.reading.options)
    warnings = warned(subject.reading.warnings, report.findings)
    findings = [*subject.findings, *warnings, *report.findings, *await _zones(app.k6, report)]
    return _linted(subject.reading, findings)


def _linted(reading: _Reading, findings: list[Finding]) -> Linted:
    complaints = [reading.complaint] if reading.complaint is not None else []
    findings = sorted([*complaints, *findings], key=lambda found: _ORDER.index(found.severity))
    options = reading.options
    return Linted(
        k6=reading.verdict,
        total=len(findings),
        findings=findings[:_MOST],
        options=without_output(without_tokens(options)) if options is not None else None,
    )


async def _subject(app: App, text: str | None, path: str | None, load_test_id: int | None) -> _Subject:
    async with AsyncExitStack() as stack:
        try:
            script = await stack.enter_async_context(_opened(app, text, path, load_test_id))
        except (ScriptError, Unbundled) as error:
            if load_test_id is not None or isinstance(error, ScriptTooLarge):
                raise
            return await _unbundled(app, text, path, error)
        reading = await _inspected(app, script)
        return _Subject(await to_thread.run_sync(sources_of, script), reading)


@asynccontextmanager
async def _opened(
    app: App, text: str | None, path: str | None, load_test_id: int | None
) -> AsyncGenerator[Script, None]:
    if load_test_id is None:
        async with given_script(app, text, path) as given:
            assert given is not None
            yield given
        return
    stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        raise ToolError(f"Load test {load_test_id} has no script. Nothing was checked.")
    with stored:
        yield stored


async def _unbundled(app: App, text: str | None, path: str | None, error: Exception) -> _Subject:
    """A script of which k6 made no archive: its sources, and k6's reason."""
    reading = _Reading("not available") if isinstance(error, Unbundled) else _refused(error)
    if text is not None:
        return _Subject([SourceText(None, text.encode(), TYPESCRIPT_NAME)], reading)
    found = await project_sources(app, local_script(app, path or ""))
    return _Subject(found.sources, reading, found.findings)


def _refused(error: Exception) -> _Reading:
    if isinstance(error, ScriptNotRead):
        return _Reading("not available", complaint=NOT_READ.at(None, str(error)))
    return _Reading("rejected", complaint=REJECTED.at(None, str(error)))


async def _inspected(app: App, script: Script) -> _Reading:
    """k6's reading of a script.

    k6 runs the init code: on a machine that others share, that is not for callers who may only read.
    """
    if app.inspect_script is None or not app.local_files:
        return _Reading("not available", script.options())
    try:
        found = await app.inspect_script(script)
    except ScriptError as error:
        return replace(_refused(error), options=script.options())
    if found is None:
        return _Reading("not available", script.options())
    return _Reading("accepted" if found.by_k6 else "not available", found.options, found.warnings)


async def _zones(k6: K6Cloud, report: Report) -> list[Finding]:
    """The load zones that do not exist; none if they cannot be read."""
    if not report.zones:
        return []
    try:
        zones = await k6.load_zones.list()
    except K6CloudError:
        return []
    known = {zone.k6_load_zone_id for zone in zones.value}
    return [unknown_zone(zone, line) for zone, line in report.zones.items() if zone not in known]


OPERATIONS = [read(lint_script, "Check a script for problems")]
