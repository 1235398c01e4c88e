"""`k6-cloud-mcp doctor`: what works, what does not, and the fix for it."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import click

from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError
from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.login import read_login
from k6_cloud_mcp.settings import Settings, SettingsError
from k6_cloud_sandbox.runner.binary import INSTALL_HINT, find_k6
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings


@dataclass(frozen=True)
class Finding:
    """One thing that was checked. `fix` says what to do about a failure."""

    subject: str
    ok: bool
    detail: str
    fix: str = ""


async def run_doctor() -> int:
    """Print every finding. Returns the exit code: 0 when all is well."""
    well = True
    async for finding in findings():
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("FAIL", fg="red")
        click.echo(f"{mark} {click.style(finding.subject, bold=True)}: {finding.detail}")
        if not finding.ok:
            well = False
            click.echo(f"     Fix: {finding.fix}")
    return 0 if well else 1


async def findings() -> AsyncIterator[Finding]:
    """Check settings, service, k6 and sandbox, in the order in which they are needed."""
    try:
        settings = Settings.load()
        uses_sandbox = settings.uses_sandbox
    except SettingsError as error:
        yield Finding(
            "Settings",
            False,
            str(error),
            "Correct the variable, in the shell or in the host's configuration.",
        )
        return
    yield _backend(settings, uses_sandbox)
    if not uses_sandbox:
        async for finding in _cloud(settings):
            yield finding
    yield await _k6(uses_sandbox)
    if uses_sandbox:
        yield await _sandbox()


def _backend(settings: Settings, uses_sandbox: bool) -> Finding:
    if uses_sandbox:
        return Finding("Backend", True, "sandbox on this machine (no Grafana Cloud credentials set)")
    login = read_login()
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


async def _k6(needed: bool) -> Finding:
    k6 = await find_k6(os.environ.get("K6_PATH"))
    if k6 is not None:
        return Finding("k6", True, f"{k6.version} at {k6.path}")
    if needed:
        return Finding("k6", False, "not found: the sandbox can store tests, but not run them", INSTALL_HINT)
    return Finding(
        "k6", True, "not found; optional with Grafana Cloud (it reads scripts' options for the price)"
    )


async def _sandbox() -> Finding:
    settings = SandboxSettings()
    try:
        async with open_sandbox(settings):
            return Finding("Sandbox", True, f"state in {settings.dir}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the person needs to read it
        fix = "Set K6_SANDBOX_DIR to a folder that can be written, or move the broken one away."
        return Finding("Sandbox", False, f"{settings.dir} cannot be used: {error}", fix)
