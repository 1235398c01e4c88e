"""The sandbox, opened when it is first needed or a moment after the start: no client is kept waiting for it.

Opening it means to import a web framework and to look at a database, about as much work as everything else that a
server does until it can list its tools.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import httpx
from pydantic import ValidationError

from k6_cloud.scripts.reach import NetworkRules
from k6_cloud_mcp.config.settings import SettingsError
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from k6_cloud_sandbox.engine.run_network import RunNetwork

# Schedules start tests only while the sandbox is open, so it is opened without being asked, too.
_OPENED_AFTER = 2.0


class LazySandbox(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox, once that is open. A sandbox that cannot be opened fails each of them."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._wanted = anyio.Event()
        self._opened = anyio.Event()
        self._closing = anyio.Event()
        self._transport: httpx.AsyncBaseTransport | None = None
        self._network: RunNetwork | None = None
        self._failure = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the sandbox does."""
        await self._open()
        if self._transport is None:
            raise httpx.ConnectError(self._failure, request=request)
        return await self._transport.handle_async_request(request)

    async def variables(self) -> Mapping[str, str]:
        """The variables that a script finds in `__ENV` when the sandbox runs it."""
        await self._open()
        return self._network.variables if self._network else {}

    async def network_rules(self) -> NetworkRules | None:
        """The rules for the network of a run that starts now; None if the sandbox cannot be opened."""
        await self._open()
        return self._network.rules() if self._network else None

    async def live(self) -> None:
        """Open the sandbox when it is wanted, and close it in the end."""
        with anyio.move_on_after(_OPENED_AFTER):
            await self._wanted.wait()
        if self._closing.is_set():
            return
        try:
            await self._run()
        except (SandboxError, ValidationError) as error:
            self._failure = f"The sandbox cannot be opened: {error}"
        finally:
            self._transport = None
            self._opened.set()

    def close(self) -> None:
        """Let `live` come to its end."""
        self._closing.set()
        self._wanted.set()

    async def _run(self) -> None:
        from k6_cloud_sandbox.sandbox import open_sandbox
        from k6_cloud_sandbox.serving.inprocess import InProcessTransport

        async with open_sandbox(self._settings) as sandbox, InProcessTransport(sandbox.app) as transport:
            self._transport, self._network = transport, sandbox.network
            self._opened.set()
            await self._closing.wait()

    async def _open(self) -> None:
        self._wanted.set()
        await self._opened.wait()


@asynccontextmanager
async def lazy_sandbox(settings: SandboxSettings) -> AsyncGenerator[LazySandbox, None]:
    """A sandbox that is opened later. Raises SettingsError at once where its directory cannot be used."""
    try:
        settings.made_dir()
    except SandboxError as error:
        raise SettingsError(f"The sandbox cannot be opened: {error}") from error
    sandbox = LazySandbox(settings)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sandbox.live)
        try:
            yield sandbox
        finally:
            sandbox.close()
