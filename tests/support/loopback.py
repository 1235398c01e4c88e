"""Ports of loopback, and an ASGI application on one, in this process."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from secrets import randbelow
from typing import Literal

import anyio
import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def listening(
    app: ASGIApp, lifespan: Literal["auto", "on", "off"] = "auto"
) -> AsyncGenerator[str, None]:
    """Serve `app` during the block; its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan=lifespan))
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        # Without it every answer on a kept connection waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            with anyio.fail_after(20):
                while not server.started:
                    await anyio.sleep(0.02)
            try:
                yield "http://{}:{}".format(*listener.getsockname())
            finally:
                server.should_exit = True


def free_port() -> int:
    """A port for a server that is to be started.

    It lies below those that systems give to connections: one of these could be taken until the server listens.
    """
    while True:
        port = 20_000 + randbelow(12_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
