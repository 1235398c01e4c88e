"""The start-up: tools are loaded while their list is on its way, and garbage is collected once it is over.

To list the tools takes none of their code, to call one takes all of it.
"""

import gc
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import anyio

from k6_cloud_mcp_tools.toolsets import Published

# Threads share one processor here, and the list is to leave before they do.
_LISTED_FIRST = 0.05


def finish_startup() -> None:
    """Collect garbage from now on, but do not look again and again at what was imported, which stays."""
    gc.freeze()
    gc.enable()


def load(tools: Iterable[Published]) -> None:
    """Load tools, to be called without delay."""
    for tool in tools:
        tool.load()


class Loading:
    """Loads some tools a moment after they are wanted. A call that comes sooner loads what it needs by itself."""

    def __init__(self, tools: Iterable[Published]) -> None:
        self._tools = [*tools]
        self._wanted: anyio.Event | None = None

    def want(self) -> None:
        """Load them soon."""
        if self._wanted is not None:
            self._wanted.set()

    @asynccontextmanager
    async def when_wanted(self) -> AsyncGenerator[None, None]:
        """The time in which they may be loaded."""
        # Not made earlier: an event belongs to the event loop, and a server may be run once more in another one.
        self._wanted = wanted = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._load_after, wanted)
            yield
            tasks.cancel_scope.cancel()

    async def _load_after(self, wanted: anyio.Event) -> None:
        await wanted.wait()
        await anyio.sleep(_LISTED_FIRST)
        await anyio.to_thread.run_sync(load, self._tools, abandon_on_cancel=True)
