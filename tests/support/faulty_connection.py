"""A wire between a server and its API that breaks on demand."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Break = Literal["reset", "truncated", "slow"]
_SLOW_SECONDS = 3
# SO_LINGER of zero seconds: close sends a reset.
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Wire:
    """Carries connections to `upstream`. While `broken` is set, requests of that `method` meet it instead.

    `reset`: before the request arrives there. `truncated`: after it was done, in the middle of the answer.
    `slow`: the answer comes some seconds late.
    """

    upstream: str
    broken: Break | None = None
    method: bytes = b"DELETE"
    address: str = ""
    met: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer."""
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await _message(reader)
            broken = self.broken if request.startswith(self.method) else None
            self.met += broken is not None
            if broken == "reset":
                writer.get_extra_info("socket").setsockopt(1, 13, _RESET)
            else:
                await self._answer(request, writer, broken)
        writer.close()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter, broken: Break | None) -> None:
        url = urlsplit(self.upstream)
        reader, there = await asyncio.open_connection(url.hostname, url.port)
        there.write(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        answer = await reader.read()
        there.close()
        if broken == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        writer.write(answer[:20] if broken == "truncated" else answer)
        await writer.drain()


@asynccontextmanager
async def wire_to(upstream: str) -> AsyncGenerator[Wire, None]:
    """A wire, whole at first."""
    wire = Wire(upstream)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.address = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield wire
    finally:
        server.close()
        await server.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return head + await reader.readexactly(int(length[0]) if length else 0)
