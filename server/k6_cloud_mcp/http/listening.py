"""The HTTP server: the sockets it listens on, the signals that end it, and a start that fails."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Sequence
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from k6_cloud_mcp.config.settings import SettingsError
from k6_cloud_mcp.http.readiness import Readiness

logger = logging.getLogger(__name__)
# uvicorn's own variable: the proxies whose word about a caller's address is taken.
_TRUSTED_PROXIES = "FORWARDED_ALLOW_IPS"
_BACKLOG = 2048


async def serve(app: Starlette, sockets: Sequence[socket.socket]) -> None:
    """Serve an application on these sockets until a signal ends it. Raises SettingsError if it cannot start."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="on",
        # Else whoever calls from this machine could claim any address, and with it escape its limits.
        proxy_headers=bool(os.environ.get(_TRUSTED_PROXIES)),
    )
    await _Server(config, app.state.readiness).serve([*sockets])


class _Server(uvicorn.Server):
    """Says when it takes calls. SIGTERM drains it first; a second one ends it at once, calls at work or not."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where it listens. Raises SettingsError."""
        self._loop = asyncio.get_running_loop()
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._readiness.failure is None:
                raise
            raise self._readiness.failure from None
        for one in sockets or ():
            host, port = one.getsockname()[:2]
            logger.info("Listening on http://%s:%s/mcp", f"[{host}]" if ":" in host else host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End: after the time to drain, or at once if it was to end already."""
        if self._loop is None or sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif not self._readiness.draining:
            self._readiness.draining = True
            self._loop.call_soon_threadsafe(
                self._loop.call_later, self._readiness.drain_seconds, super().handle_exit, sig, frame
            )
        else:
            super().handle_exit(sig, frame)
            self.force_exit = True
            self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for connection in [*self.server_state.connections]:
            connection.transport.abort()


def listening_on(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on each address of a host. Raises SettingsError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [_listening(family, address) for family, *_, address in dict.fromkeys(found)]
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. Nothing was started. End what listens "
            "there, or choose another with --port."
        ) from error


def _listening(family: int, address: Any) -> socket.socket:
    # With the protocol named, asyncio sends small answers at once instead of holding them back for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A server that is started again need not wait for connections of the one before.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
