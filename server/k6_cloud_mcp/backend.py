"""The service behind the tools: Grafana Cloud k6, or the sandbox in this process."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import httpx

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.config.proxies import proxy_for
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.local_k6 import literal_options_of, script_bundler, script_inspector
from k6_cloud_mcp.stacks.connections import Pool
from k6_cloud_mcp.stacks.profiles import Profile, read_profiles
from k6_cloud_mcp.stacks.stacks import Stacks
from k6_cloud_mcp.state.audit_log import audit_of
from k6_cloud_mcp.state.ledgers import Ledgers
from k6_cloud_mcp.state.spent_confirmations import SpentFiles
from k6_cloud_mcp.state.trusted_folders import TrustedFolders
from k6_cloud_mcp.telemetry.api_requests import WatchedClient
from k6_cloud_mcp.telemetry.metrics import Measures
from k6_cloud_mcp_tools.context import App, BundleScript
from k6_cloud_mcp_tools.guard.confirmations import Confirmations
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.storage.kept_scripts import KeepsNothing, KeptScripts
from k6_cloud_mcp_tools.storage.script_files import Backups
from k6_runner.analysis.bounded import run_bounded

if TYPE_CHECKING:
    from k6_runner.limits import RunLimits


@asynccontextmanager
async def open_backend(
    settings: Settings, *, local_files: bool, stacks: Stacks | None = None, measures: Measures | None = None
) -> AsyncGenerator[App, None]:
    """The app for these settings; with `stacks`, what those need as well.

    `local_files` lets tools read scripts by path: only where client and server share a machine and a user, that is
    on stdio.
    """
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(_opened(settings, local_files, measures))
        if stacks is not None:
            await stack.enter_async_context(stacks.pool.running())
            if stacks.has_sandbox:
                stacks.sandbox = await stack.enter_async_context(_open_sandbox(settings, local_files))
        yield _ruled(app, settings, measures)


def require_connection(settings: Settings) -> None:
    """Raise SettingsError for a proxy or credentials by which no connection can be made: told at once, not to the first call."""
    if settings.uses_sandbox:
        return
    try:
        proxy_for(settings.base_url)
    except ConfigurationError as error:
        raise SettingsError(str(error)) from error
    if not settings.has_no_stack_of_its_own:
        _credentials(settings)


def stacks_of(settings: Settings, measures: Measures | None = None) -> Stacks:
    """The stacks that callers can reach by these settings. Raises SettingsError."""
    if settings.has_no_stack_of_its_own and settings.backend == "sandbox":
        raise SettingsError(
            "K6_MCP_BACKEND=sandbox contradicts K6_MCP_PROFILES_FILE and K6_MCP_CALLER_CREDENTIALS=required. Leave it out; "
            "a profile with sandbox = true is the sandbox."
        )
    return Stacks(
        Pool(lambda credentials: _connect(settings, credentials, measures)),
        lambda profile: _kept_scripts(settings, f"stack-{profile}"),
        _ledgers(settings).of_credentials,
        _profiles(settings),
        needs_own=settings.caller_credentials == "required",
    )


def _ledgers(settings: Settings) -> Ledgers:
    """Return the ledgers of starts. Raises SettingsError if a ceiling needs them, and they cannot be written."""
    ledgers = Ledgers(settings.state_dir.expanduser() / "starts", settings.base_url)
    if settings.policy().max_vuh_per_day is not None and (problem := ledgers.problem()):
        raise SettingsError(
            f"K6_MCP_MAX_VUH_PER_DAY needs a record of what was started, and {problem}. Make K6_MCP_STATE_DIR a folder "
            "that this server can write to, or take the ceiling out."
        )
    return ledgers


def _profiles(settings: Settings) -> Watched[Mapping[str, Profile]] | None:
    if settings.profiles_file is None:
        return None
    try:
        return read_profiles(settings.profiles_file.expanduser())
    except BrokenFile as error:
        raise SettingsError(f"K6_MCP_PROFILES_FILE: {error}") from error


def _opened(
    settings: Settings, local_files: bool, measures: Measures | None
) -> AbstractAsyncContextManager[App]:
    if settings.has_no_stack_of_its_own:
        return _open_nothing(settings, local_files)
    if settings.uses_sandbox:
        return _open_sandbox(settings, local_files)
    return _open_cloud(settings, local_files, measures)


def _ruled(app: App, settings: Settings, measures: Measures | None) -> App:
    """The app under the operator's policy, with confirmations that processes with the same key share."""
    return replace(
        app,
        policy=settings.policy(),
        confirmations=_confirmations(settings),
        audit=audit_of(settings, measures),
        kept_scripts=_kept_scripts(settings),
        ask_seconds=settings.ask_seconds,
        in_worker=run_bounded,
    )


def _confirmations(settings: Settings) -> Confirmations:
    """Processes that share a key share what was spent, too; one alone need not write it down."""
    spent = SpentFiles(settings.state_dir.expanduser() / "spent") if settings.key else None
    return Confirmations(settings.key, spent=spent)


def _kept_scripts(settings: Settings, *within: str) -> KeptScripts:
    if not settings.backups:
        return KeepsNothing()
    directory = settings.state_dir.expanduser().joinpath("scripts", *within)
    return Backups(directory, max_mib=settings.backup_max_mib, days=settings.backup_days)


def _bundler(settings: Settings, limits: "RunLimits | None" = None) -> BundleScript:
    trusted = TrustedFolders(settings.state_dir.expanduser())
    return script_bundler(settings.max_script_bytes, limits, trusted)


@asynccontextmanager
async def _open_nothing(settings: Settings, local_files: bool) -> AsyncGenerator[App, None]:
    """An app with no stack behind it: each call is given one."""
    async with httpx.AsyncClient(transport=_Nowhere(), base_url=settings.base_url) as http:
        yield App(
            K6Cloud(http, max_script_bytes=settings.max_script_bytes, retries=NO_RETRIES),
            inspect_script=script_inspector() if local_files else literal_options_of,
            bundle_script=_bundler(settings) if local_files else None,
            local_files=local_files,
        )


class _Nowhere(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol("no stack was chosen", request=request)


@asynccontextmanager
async def _open_cloud(
    settings: Settings, local_files: bool, measures: Measures | None
) -> AsyncGenerator[App, None]:
    credentials = _credentials(settings)
    async with _connect(settings, credentials, measures) as http:
        yield App(
            K6Cloud(http, max_script_bytes=settings.max_script_bytes),
            ledger=_ledgers(settings).of_credentials(credentials),
            project_id=settings.project_id,
            # k6 runs a script's code: fine for the user whose machine this is, not on a shared server.
            inspect_script=script_inspector() if local_files else literal_options_of,
            bundle_script=_bundler(settings) if local_files else None,
            local_files=local_files,
        )


def _connect(settings: Settings, credentials: Credentials, measures: Measures | None) -> httpx.AsyncClient:
    client = partial(WatchedClient, measures) if measures else httpx.AsyncClient
    return connect(
        credentials,
        settings.base_url,
        client=client,
        product="k6-cloud-mcp",
        connections=settings.connections,
    )


def _credentials(settings: Settings) -> Credentials:
    token = settings.token.get_secret_value() if settings.token else ""
    try:
        return Credentials(token, settings.stack_id, settings.stack_url)
    except ValueError as error:
        raise SettingsError(f"K6_CLOUD_TOKEN or the stack cannot be used: {error}") from error


@asynccontextmanager
async def _open_sandbox(settings: Settings, local_files: bool) -> AsyncGenerator[App, None]:
    # Imported only when used: the cloud backend need not pay for the sandbox at start-up.
    from k6_cloud_mcp.stacks.lazy_sandbox import lazy_sandbox
    from k6_cloud_sandbox.errors import SandboxError
    from k6_cloud_sandbox.settings import IN_PROCESS_TOKEN, STACK_ID, SandboxSettings

    try:
        own = SandboxSettings.load()
    except SandboxError as error:
        raise SettingsError(f"The sandbox cannot be opened: {error}") from error
    async with (
        lazy_sandbox(own) as sandbox,
        connect(Credentials(IN_PROCESS_TOKEN, STACK_ID), "http://127.0.0.1", sandbox) as http,
    ):
        yield App(
            K6Cloud(http, max_script_bytes=settings.max_script_bytes),
            # What a sandbox in memory has started goes when it does.
            ledger=StartLedger()
            if own.dir == ":memory:"
            else _ledgers(settings).of(f"sandbox {own.dir.absolute()}"),
            sandbox=True,
            network_rules=sandbox.network_rules,
            inspect_script=script_inspector(sandbox.variables, own.limits),
            bundle_script=_bundler(settings, own.limits) if local_files else None,
            local_files=local_files,
            poll_seconds=0.5,
        )
