"""What a measurement works with: the upstream, the peers, how often to measure, and taking turns."""

import asyncio
import os
import statistics
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

from peers import HERE, Peer, Served, all_peers
from session import Era

Value = TypeVar("Value")
Transport = Literal["stdio", "HTTP"]


@dataclass(frozen=True)
class Pace:
    """How much is measured: turns for each peer, starts among them, and calls in a turn and in the long run."""

    turns: int = 5
    starts: int = 7
    calls: int = 150
    long_run: int = 5000
    payload_turns: int = 3
    runs: int = 10_000


QUICK = Pace(turns=2, starts=2, calls=40, long_run=300, payload_turns=1, runs=1000)


@dataclass(frozen=True)
class Lab:
    """The world of a measurement."""

    upstream: str
    peers: list[Peer]
    era: Era
    pace: Pace
    scratch: Path

    @asynccontextmanager
    async def serving(
        self, transport: Transport, peers: list[Peer] | None = None
    ) -> AsyncGenerator[dict[str, Served], None]:
        """All peers, or some, running at the same time and warm."""
        async with AsyncExitStack() as stack:
            served = {
                peer.name: await stack.enter_async_context(
                    peer.on_stdio(self.era) if transport == "stdio" else peer.on_http(self.era)
                )
                for peer in (self.peers if peers is None else peers)
            }
            for one in served.values():
                await one.session.list_tools()
            yield served


async def in_turns(
    subjects: Mapping[str, Callable[[], Awaitable[Value]]], turns: int
) -> dict[str, list[Value]]:
    """What each subject gives in `turns` turns. They alternate, so that a busy moment hits them all alike."""
    values: dict[str, list[Value]] = {name: [] for name in subjects}
    order = list(subjects)
    for turn in range(turns):
        first = turn % len(order)
        for name in order[first:] + order[:first]:
            values[name].append(await subjects[name]())
    return values


async def medians(
    subjects: Mapping[str, Callable[[], Awaitable[float]]], turns: int
) -> dict[str, float | str]:
    """The median of each subject's values."""
    return {name: statistics.median(values) for name, values in (await in_turns(subjects, turns)).items()}


@asynccontextmanager
async def open_lab(era: Era, pace: Pace, *, here: bool) -> AsyncGenerator[Lab, None]:
    """A lab with its upstream running."""
    with TemporaryDirectory(prefix="k6-cloud-mcp-bench-", ignore_cleanup_errors=True) as folder:
        async with _upstream() as address:
            scratch = Path(folder)
            peers = all_peers(address, scratch, here=here)
            yield Lab(address, peers, era, pace, scratch)


@asynccontextmanager
async def _upstream() -> AsyncGenerator[str, None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, HERE / "upstream.py", env=os.environ, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()
