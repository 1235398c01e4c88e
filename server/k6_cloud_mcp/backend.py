"""Which service stands behind the tools: Grafana Cloud k6, or the sandbox in this process."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import ValidationError

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.connection import connect
from k6_cloud_mcp.inspection import script_inspector
from k6_cloud_mcp.settings import Settings, SettingsError
from k6_cloud_mcp_tools.app import App


@asynccontextmanager
async def open_backend(settings: Settings, *, local_files: bool) -> AsyncGenerator[App, None]:
    """The app for these settings. `local_files` lets tools read scripts by path: only where client and server
    share a machine and a user, that is on stdio."""
    opened = (
        _open_sandbox(settings, local_files) if settings.uses_sandbox else _open_cloud(settings, local_files)
    )
    async with opened as app:
        yield app


@asynccontextmanager
async def _open_cloud(settings: Settings, local_files: bool) -> AsyncGenerator[App, None]:
    credentials = _credentials(settings)
    async with connect(credentials, settings.base_url) as http:
        yield App(
            K6Cloud(http, max_script_bytes=settings.max_script_bytes),
            confirm=settings.confirm,
            default_project_id=settings.project_id,
            # Evaluating a script runs its code: fine for the user whose machine this is, not on a shared server.
            inspect_script=script_inspector() if local_files else None,
            local_files=local_files,
        )


def _credentials(settings: Settings) -> Credentials:
    token = settings.token.get_secret_value() if settings.token else ""
    try:
        return Credentials(token, settings.stack_id, settings.stack_url)
    except ValueError as error:
        raise SettingsError(f"K6_CLOUD_TOKEN: {error}") from error


@asynccontextmanager
async def _open_sandbox(settings: Settings, local_files: bool) -> AsyncGenerator[App, None]:
    # Imported only when used: the cloud backend need not pay for the sandbox at start-up.
    from k6_cloud_sandbox.problems import SandboxError
    from k6_cloud_sandbox.sandbox import open_sandbox
    from k6_cloud_sandbox.settings import SandboxSettings

    async with AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(open_sandbox(SandboxSettings()))
        except (SandboxError, ValidationError) as error:
            raise SettingsError(f"The sandbox cannot be opened: {error}") from error
        http = await stack.enter_async_context(sandbox.http())
        yield App(
            K6Cloud(http, max_script_bytes=settings.max_script_bytes),
            confirm=settings.confirm,
            sandbox=True,
            inspect_script=script_inspector({"SANDBOX_URL": sandbox.base_url}),
            local_files=local_files,
            poll_seconds=0.5,
        )
