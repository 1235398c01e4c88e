"""A web server inside the process, on a socket that is open before it starts."""

import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from fastapi import FastAPI

from k6_cloud_sandbox.problems import SandboxError

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
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what uses the port, or choose another one."
        ) from error


@asynccontextmanager
async def listening(app: FastAPI, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve `app` on `listener` during the block."""
    server = _Server(_config(app))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listener])
        try:
            yield
        finally:
            server.should_exit = True


async def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve `app` until the process is told to end (SIGINT, SIGTERM)."""
    await uvicorn.Server(_config(app)).serve([listener])


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
