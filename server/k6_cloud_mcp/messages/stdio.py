"""The lines of a client on stdio: those that the SDK can read are passed on, the others are answered with an error.

The SDK drops a line that it cannot read without a word, and reads in a thread that nothing can end: after an
interrupt a server that waits for its next line would stay.
"""

import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Any, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage

from k6_cloud_mcp.messages.json_rpc import problems_of
from k6_cloud_mcp.server import K6Server

logger = logging.getLogger(__name__)
_BOM = "\ufeff"


async def serve(server: K6Server) -> None:
    """Serve the client at the other end of stdin and stdout until it leaves."""
    lines = _Lines(_diverted_stdin())
    # Only iterated over, as a file of text is.
    async with stdio_server(stdin=cast(Any, lines)) as (incoming, outgoing):
        lines.answer = outgoing.send
        await server.run_over(incoming, outgoing)


class _Lines:
    """Iterates over the lines of a file descriptor, without those that are no message."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._received: MemoryObjectReceiveStream[bytes] | None = None
        self.answer: Callable[[SessionMessage], Awaitable[None]] | None = None

    def __aiter__(self) -> "_Lines":
        return self

    async def __anext__(self) -> str:
        if self._received is None:
            self._received = self._begin()
        async for raw in self._received:
            line = raw.decode("utf-8", "replace").removeprefix(_BOM)
            if line.strip() and not await self._refuse(line):
                return line
        raise StopAsyncIteration

    def _begin(self) -> MemoryObjectReceiveStream[bytes]:
        send, receive = anyio.create_memory_object_stream[bytes](1)
        # A daemon: what it waits for may never come, and the process is to end all the same.
        Thread(target=_pump, args=(self._descriptor, send, current_token()), daemon=True).start()
        return receive

    async def _refuse(self, line: str) -> bool:
        """Answer a line that is no message. Whether it was one such."""
        problems = problems_of(line)
        for problem in problems:
            logger.warning("A line from the client is not a message. %s", problem.words)
            if self.answer is not None and problem.is_answered:
                await self.answer(SessionMessage(problem.error()))
        return bool(problems)


def _pump(descriptor: int, send: MemoryObjectSendStream[bytes], token: EventLoopToken) -> None:
    """Hand each line to the event loop, in which the next is only asked for when this one was taken."""
    # If the server ends first, there is no loop to hand it to.
    with suppress(RuntimeError, anyio.BrokenResourceError):
        for line in _lines_of(descriptor):
            anyio.from_thread.run(send.send, line, token=token)
        anyio.from_thread.run(send.aclose, token=token)


def _lines_of(descriptor: int) -> Iterator[bytes]:
    with suppress(OSError), open(descriptor, "rb", closefd=False) as file:
        yield from file


def _diverted_stdin() -> int:
    """A descriptor of ours for what is on stdin. Whoever else reads stdin, such as a child, finds it empty."""
    own = os.dup(sys.stdin.fileno())
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, sys.stdin.fileno())
    os.close(empty)
    return own
