"""MCP messages over the stdin and stdout of a process."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from session import Json, PeerFailed

_LONGEST_LINE = 1 << 28


class StdioWire:
    """One server process. Requests may be under way at the same time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[Any, asyncio.Future[Json]] = {}

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    async def send(self, message: Json) -> Json | None:
        """Send a message; the answer to a request, None for a notification."""
        stdin = self._process.stdin
        assert stdin is not None
        answer = asyncio.get_running_loop().create_future()
        if "id" in message:
            self._waiting[message["id"]] = answer
        stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        await stdin.drain()
        return await answer if "id" in message else None

    async def read(self) -> None:
        """Hand answers to those who wait for them, until the server ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message: Json = json.loads(line)
            if (answer := self._waiting.pop(message.get("id"), None)) is not None:
                answer.set_result(message)
        for answer in self._waiting.values():
            answer.set_exception(PeerFailed("the server ended"))


@asynccontextmanager
async def connected(
    command: Sequence[str], env: Mapping[str, str], log: Path
) -> AsyncGenerator[StdioWire, None]:
    """A server process with a wire to it."""
    async with running(command, env, log, asyncio.subprocess.PIPE) as process:
        wire = StdioWire(process)
        reader = asyncio.create_task(wire.read())
        try:
            yield wire
        finally:
            await ended(process)
            await reader


@asynccontextmanager
async def running(
    command: Sequence[str], env: Mapping[str, str], log: Path, pipe: int | None = None
) -> AsyncGenerator[asyncio.subprocess.Process, None]:
    """A process, which writes to `log` what does not go through `pipe`. It is ended where it does not end itself."""
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=pipe or file,
            stderr=file,
            limit=_LONGEST_LINE,
        )
    try:
        yield process
    finally:
        await ended(process)


async def ended(process: asyncio.subprocess.Process, patience: float = 5) -> None:
    """Close a process's stdin, by which a server on stdio ends; kill one that does not."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()
