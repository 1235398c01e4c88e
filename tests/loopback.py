"""An ASGI application on a port of loopback, in this process."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
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
