"""A web server inside the process, on a socket that is open before it starts."""

import signal
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from fastapi import FastAPI

from k6_cloud_sandbox.errors import SandboxError
from k6_runner.background import alongside

_GOODBYE_SECONDS = 2


class _Server(uvicorn.Server):
    """A server that leaves signals to the program around it."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises SandboxError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what uses the port, or choose another one."
        ) from error
    # Without it every answer on a kept connection waits 40 ms: asyncio sets it only on sockets it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@asynccontextmanager
async def listening(app: FastAPI, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve `app` on `listener` during the block."""
    server = _Server(_config(app))

    async def serve() -> None:
        # Cancelled halfway, the server would leave its connections open; told to stop, it closes them.
        with anyio.CancelScope(shield=True):
            await server.serve([listener])

    def stop() -> None:
        server.should_exit = True

    async with alongside(serve, stop):
        yield


async def until_told_to_end() -> None:
    """Wait for SIGINT or SIGTERM; on Windows for Ctrl-C, which arrives as KeyboardInterrupt."""
    if sys.platform == "win32":
        await anyio.sleep_forever()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
