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


def bind(host: str, port: int, setting: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises SandboxError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError, UnicodeError) as error:
        # What asyncio and the resolver add to the system's words only repeats the address.
        reason = str(error.strerror).partition(" (while")[0] if isinstance(error, OSError) else error
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port}: {reason}. It was not started. "
            f"Stop what uses the port, or choose another one with {setting}."
        ) from error
    # Without it every answer on a kept connection waits 40 ms: asyncio sets it only on sockets it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def bind_demo(wanted: int | None, usual: int = 0) -> socket.socket:
    """A listening socket for the demo target: on the port `wanted`, else on the `usual` one if it is free, else on any.

    Raises SandboxError when the wanted port cannot be had.
    """
    if wanted is not None:
        return bind("127.0.0.1", wanted, "K6_SANDBOX_DEMO_PORT")
    try:
        return bind("127.0.0.1", usual)
    except SandboxError:
        return bind("127.0.0.1", 0)


def port_of(listener: socket.socket) -> int:
    """The port that a socket listens on."""
    return listener.getsockname()[1]


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
