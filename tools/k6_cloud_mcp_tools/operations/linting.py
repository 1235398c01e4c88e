"""The tool that looks for known traps in a script before anything is stored or run."""

import posixpath
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError, ScriptError, ScriptNotRead
from k6_cloud.models import Json
from k6_cloud.redaction import without_tokens
from k6_cloud.scripts.script import ENTRY_MEMBER, Member, Script
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.lint import code_rules, option_rules
from k6_cloud_mcp_tools.lint.findings import Finding, Rule, Subject
from k6_cloud_mcp_tools.lint.outline import Outline, known
from k6_cloud_mcp_tools.lint.secret_rules import secrets
from k6_cloud_mcp_tools.operation import read
from k6_cloud_mcp_tools.operations.scripts import stored_script
from k6_cloud_mcp_tools.parameters import LoadTestId, ScriptPath, ScriptText
from k6_cloud_mcp_tools.results import without_output
from k6_cloud_mcp_tools.scripts.given import given_script

_SOURCES = (".js", ".mjs", ".ts")
_MOST = 50
_LARGEST = 1024 * 1024
_ORDER = ("error", "warning", "hint")
_REJECTED = Rule(
    "k6-rejects",
    "error",
    "k6 cannot run the script.",
    "Mend what k6 complains about, and lint again. Where it misses files, give script_path: then k6 bundles them.",
)
_NOT_READ = Rule(
    "k6-did-not-read",
    "hint",
    "k6 did not read the script, so the other findings come from its text alone.",
    "Follow what the detail says, or ignore this if the test runs elsewhere.",
)
K6Verdict = Literal["accepted", "rejected", "not available"]


class Linted(BaseModel):
    """What was found, worst first; `total` counts all. `k6` is what k6 made of it, `options` its reading of them.

    Heuristics on the text: nothing found is no proof that the script does what it should.
    """

    k6: K6Verdict
    total: int
    findings: list[Finding]
    options: Json | None = None


async def lint_script(
    app: TheApp,
    script: ScriptText = None,
    script_path: ScriptPath = None,
    load_test_id: LoadTestId | None = None,
) -> Linted:
    """Check a script for known traps, by line, before it is stored or run; a stored one by load_test_id."""
    async with _the_script(app, script, script_path, load_test_id) as source:
        verdict, options, complaint = await _inspected(app, source)
        subject = await to_thread.run_sync(_subject, source, options)
        subject.zones = await _zones(app.k6, subject)
        findings = await to_thread.run_sync(_findings, subject)
    if complaint:
        findings.insert(0, complaint)
    findings.sort(key=lambda found: _ORDER.index(found.severity))
    return Linted(
        k6=verdict,
        total=len(findings),
        findings=findings[:_MOST],
        options=without_output(without_tokens(options)) if options is not None else None,
    )


@asynccontextmanager
async def _the_script(
    app: App, text: str | None, path: str | None, load_test_id: int | None
) -> AsyncGenerator[Script, None]:
    if [text, path, load_test_id].count(None) != 2:
        raise ToolError("Give one of script, script_path and load_test_id. Nothing was checked.")
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


async def _inspected(app: App, script: Script) -> tuple[K6Verdict, Json | None, Finding | None]:
    """k6's verdict, the options as they were read, and its complaint.

    k6 runs the init code: on a machine that others share, that is not for whoever may only read.
    """
    if app.inspect_script is None or not app.local_files:
        return "not available", script.options(), None
    try:
        found = await app.inspect_script(script)
    except ScriptNotRead as error:
        return "not available", script.options(), _NOT_READ.at(None, str(error))
    except ScriptError as error:
        return "rejected", None, _REJECTED.at(None, str(error))
    if found is None:
        return "not available", script.options(), None
    return "accepted" if found.by_k6 else "not available", found.options, None


def _subject(script: Script, options: Json | None) -> Subject:
    files = {path: Outline(text) for path, text in _sources(script)}
    entry = files[ENTRY_MEMBER]
    return Subject(entry, files, entry.options.value if options is None else options)


async def _zones(k6: K6Cloud, subject: Subject) -> frozenset[str] | None:
    """The load zones that exist; None where none is used or they cannot be read."""
    if not isinstance(known(subject.options, "cloud", "distribution"), dict):
        return None
    try:
        zones = await k6.load_zones.list()
    except K6CloudError:
        return None
    return frozenset(zone.k6_load_zone_id for zone in zones.value)


def _findings(subject: Subject) -> list[Finding]:
    found = [one for check in option_rules.CHECKS for one in check(subject)]
    for path, file in subject.files.items():
        own = [one for check in code_rules.CHECKS for one in check(file, subject.entries)] + [*secrets(file)]
        found += own if path == ENTRY_MEMBER else [one.model_copy(update={"path": path}) for one in own]
    return found


def _sources(script: Script) -> Iterable[tuple[str, str]]:
    """The texts of a script's own files: libraries from elsewhere are not for its author to mend.

    Raises ToolError for a script that nobody wrote by hand.
    """
    entry = script.read() if script.kind == "javascript" else script.member(ENTRY_MEMBER)
    if len(entry) > _LARGEST:
        raise ToolError(
            "The script is larger than 1 MiB: lint the sources it was built from. Nothing was checked."
        )
    yield ENTRY_MEMBER, entry.decode(errors="replace")
    if script.kind == "archive":
        name = str(script.metadata().get("filename", "")).replace("file:///", "file/")
        for member in script.members():
            if _is_own(member) and member.path != name:
                yield member.path, script.member(member.path).decode(errors="replace")


def _is_own(member: Member) -> bool:
    is_here = member.path.startswith("file/") and "/node_modules/" not in member.path
    return is_here and posixpath.splitext(member.path)[1] in _SOURCES and member.size <= _LARGEST


OPERATIONS = [read(lint_script, "Look for traps in a script")]
