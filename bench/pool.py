"""Kept-alive connections to one port of loopback, as many as there are requests at the same time."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from http1 import Message, read_message, written

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pool:
    """Sends requests to `port`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Connection] = []

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Message:
        """The response to a request. Raises ConnectionError where there is none."""
        async with self._connection() as (reader, writer):
            host = {"Host": f"127.0.0.1:{self._port}"}
            writer.write(written(f"{method} {target} HTTP/1.1", {**host, **headers}, body))
            await writer.drain()
            if (response := await read_message(reader)) is None:
                raise ConnectionError("the server closed the connection")
            return response

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop()[1].close()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection, None]:
        while self._idle and self._idle[-1][0].at_eof():
            self._idle.pop()[1].close()
        if self._idle:
            connection = self._idle.pop()
        else:
            connection = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        yield connection
        self._idle.append(connection)
