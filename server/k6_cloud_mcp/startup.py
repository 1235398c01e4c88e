"""The start-up: tools are loaded while their list is on its way, and garbage is collected once it is over.

To list the tools takes none of their code, to call one takes all of it.
"""

import gc
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from k6_cloud_mcp_tools.toolsets import Published

if TYPE_CHECKING:
    from k6_cloud_mcp_tools.tool import K6Tool

logger = logging.getLogger(__name__)
# Threads share one processor here, and the list is to leave before they do.
_LISTED_FIRST = 0.05


def finish_startup() -> None:
    """Collect garbage from now on, but do not look again and again at what was imported, which stays."""
    gc.freeze()
    gc.enable()


def load_tool(name: str) -> "K6Tool":
    """Load a tool, to be called without delay. The first one takes a while: all of their code is imported.

    Raises NotLoaded, which is a ToolError, if its code cannot be imported.
    """
    from k6_cloud_mcp_tools.catalog import tool_of

    return tool_of(name)


def load(tools: Iterable[Published]) -> None:
    """Load tools. One that cannot be loaded ends nothing: it says so when it is called."""
    for tool in tools:
        try:
            load_tool(tool.name)
        except Exception as error:  # noqa: BLE001 - whatever its code raises
            logger.error("%s cannot be loaded: %s", tool.name, error)


class Loading:
    """Loads some tools a moment after they are wanted. A call that comes sooner loads what it needs by itself."""

    def __init__(
        self, tools: Iterable[Published], load: Callable[[Iterable[Published]], None] = load
    ) -> None:
        self._tools = [*tools]
        self._load = load
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
        await anyio.to_thread.run_sync(self._load, self._tools, abandon_on_cancel=True)
