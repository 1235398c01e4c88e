"""`k6-cloud-mcp doctor`: what works, what does not, and the fix for it."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError
from k6_cloud.scripts.script import Script
from k6_cloud_mcp.access.grant import LOCAL
from k6_cloud_mcp.backend import open_backend, require_connection, stacks_of
from k6_cloud_mcp.commands.decision_report import decision_report
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.state.audit_log import journal_of
from k6_cloud_mcp.terminal import echo, styled
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.binary import INSTALL_HINT, K6, find_k6
from k6_runner.confinement.abilities import confinement_report
from k6_runner.limits import RunLimits, setting
from k6_runner.process import NotConfined
from k6_runner.reading.inspection import inspect
from k6_runner.reading.k6_inspect import ScriptRejected


@dataclass(frozen=True)
class Finding:
    """One thing that was checked. `fix` says what to do about a failure."""

    subject: str
    ok: bool
    detail: str
    fix: str = ""


async def run_doctor(client: str | None = None) -> int:
    """Print every finding; with `client`, how its guarded calls are decided. The exit code: 0 when all is well."""
    well = True
    async for finding in findings(client):
        mark = styled("ok  ", fg="green") if finding.ok else styled("FAIL", fg="red")
        echo(mark, " ", styled(finding.subject, bold=True), f": {finding.detail}")
        if not finding.ok:
            well = False
            echo(f"     Fix: {finding.fix}")
    return 0 if well else 1


async def findings(client: str | None = None) -> AsyncIterator[Finding]:
    """Check settings, service, policy, k6 and sandbox, in the order in which they are needed."""
    try:
        settings = Settings.load()
        uses_sandbox = settings.uses_sandbox
        policy = settings.policy()
        require_connection(settings)
    except SettingsError as error:
        yield Finding(
            "Settings",
            False,
            str(error),
            "Correct the variable, in the shell or in the host's configuration.",
        )
        return
    if settings.has_no_stack_of_its_own:
        async for finding in _stacks(settings):
            yield finding
    else:
        yield _backend(settings, uses_sandbox)
    if not uses_sandbox and not settings.has_no_stack_of_its_own:
        async for finding in _cloud(settings):
            yield finding
    yield Finding("Policy", True, str(policy))
    for line in decision_report(policy, client) if client else ():
        yield Finding("Client", True, line)
    yield _audit(settings)
    k6 = await find_k6(os.environ.get("K6_PATH"))
    yield _k6(k6, uses_sandbox)
    yield await _confinement(k6, uses_sandbox)
    if uses_sandbox:
        yield await _sandbox()


async def _stacks(settings: Settings) -> AsyncIterator[Finding]:
    """Whether each profile can be read."""
    try:
        stacks = stacks_of(settings)
    except SettingsError as error:
        yield Finding("Profiles", False, str(error), "Correct the file that K6_MCP_PROFILES_FILE names.")
        return
    names = stacks.names(LOCAL)
    if not names:
        yield Finding("Backend", True, "each caller brings a stack (K6_MCP_CALLER_CREDENTIALS=required)")
    async with open_backend(settings, local_files=False, stacks=stacks) as base:
        for name in names:
            async with stacks.app(base, LOCAL, name) as app:
                finding = await _permission(app.k6)
            yield replace(finding, subject=f"Profile {name}")


def _backend(settings: Settings, uses_sandbox: bool) -> Finding:
    if uses_sandbox:
        return Finding("Backend", True, "sandbox on this machine (no Grafana Cloud credentials set)")
    login = settings.stored_login()
    source = f"{login.path}" if login.token and login.token == settings.token else "the environment"
    return Finding("Backend", True, f"Grafana Cloud k6 at {settings.base_url}, token from {source}")


async def _cloud(settings: Settings) -> AsyncIterator[Finding]:
    async with open_backend(settings, local_files=False) as app:
        if settings.stack_url:
            yield await _stack(app.k6, settings.stack_url)
        yield await _permission(app.k6)


async def _stack(k6: K6Cloud, stack_url: str) -> Finding:
    try:
        stack = await k6.authenticate(stack_url)
    except K6CloudError as error:
        return Finding(
            "Stack", False, str(error), "Check K6_CLOUD_STACK_URL and that the token belongs to that stack."
        )
    return Finding(
        "Stack", True, f"{stack_url} is stack {stack.stack_id}, default project {stack.default_project_id}"
    )


async def _permission(k6: K6Cloud) -> Finding:
    try:
        projects = await k6.projects.list(top=1, count=True)
        tests = await k6.load_tests.list(top=1, count=True)
    except K6CloudError as error:
        return Finding(
            "Access", False, str(error), "Check K6_CLOUD_TOKEN, and that its user may see this stack."
        )
    return Finding("Access", True, f"{projects.count} projects and {tests.count} load tests can be read")


def _audit(settings: Settings) -> Finding:
    if (journal := journal_of(settings)) is None:
        return Finding("Audit", True, "off (K6_MCP_AUDIT_FILE=off)")
    try:
        records = sum(1 for _ in journal.newest())
    except OSError as error:
        fix = "Set K6_MCP_AUDIT_FILE to a file that this user can read and write. Until then guarded tools do nothing."
        return Finding("Audit", False, f"{journal.path} cannot be used: {error.strerror}", fix)
    return Finding("Audit", True, f"{journal.path}, {records} records")


def _k6(k6: K6 | None, needed: bool) -> Finding:
    if k6 is not None:
        return Finding("k6", True, f"{k6.version} at {k6.path}")
    if needed:
        return Finding("k6", False, "not found: the sandbox can store tests, but not run them", INSTALL_HINT)
    return Finding(
        "k6", True, "not found; optional with Grafana Cloud (it reads scripts' options for the price)"
    )


async def _confinement(k6: K6 | None, needed: bool) -> Finding:
    """Whether scripts are confined here: k6 reads one, to be sure."""
    report = confinement_report()
    try:
        limits = SandboxSettings().limits
        if report.missing:
            return _unconfined(report.missing, limits, needed)
        if k6 is not None:
            await _read_a_script(k6, limits)
    except (NotConfined, ScriptRejected, ValidationError) as error:
        return Finding("Confinement", False, str(error), "Correct what the message names.")
    left = " ".join(report.shortcomings)
    return Finding("Confinement", True, f"scripts are confined by {report.means}. {left}".strip())


def _unconfined(missing: str, limits: RunLimits, needed: bool) -> Finding:
    accepted = f"{setting('allow_unconfined')}=1"
    if limits.allow_unconfined:
        return Finding("Confinement", True, f"incomplete, as accepted by {accepted}. {missing}.")
    if not needed:
        return Finding(
            "Confinement", True, f"none, so no script runs here; options are read from its text. {missing}."
        )
    fix = f"Use Linux from 5.13 on, or macOS. {accepted} runs scripts without confinement, with your rights."
    return Finding("Confinement", False, f"{missing}, so the sandbox runs no tests", fix)


async def _read_a_script(k6: K6, limits: RunLimits) -> None:
    with Script.from_chunks([b"export default function () {}"]) as script:
        await inspect(k6, script, limits, {})


async def _sandbox() -> Finding:
    try:
        settings = SandboxSettings.load()
    except SandboxError as error:
        return Finding("Sandbox", False, str(error), "Correct the variable.")
    try:
        async with open_sandbox(settings):
            return Finding("Sandbox", True, f"state in {settings.dir}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the person needs to read it
        fix = "Set K6_SANDBOX_DIR to a folder that can be written, or move the broken one away."
        return Finding("Sandbox", False, f"{settings.dir} cannot be used: {error}", fix)
