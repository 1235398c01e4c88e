"""A thin MCP client: it frames requests and reads answers, and costs next to nothing beside the server it measures."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Literal

Json = dict[str, Any]
Send = Callable[[Json], Awaitable[Json | None]]
Era = Literal["2025-11-25", "2026-07-28"]
_CLIENT = {"name": "bench", "version": "1"}


class PeerFailed(Exception):
    """A peer could not do what was asked; the message is its own."""


class Session:
    """A session over `send`, which delivers one message and returns the answer to it."""

    def __init__(self, send: Send, era: Era) -> None:
        self._send = send
        self._era: Era = era
        self._ids = itertools.count(1)

    async def open(self) -> None:
        """Greet the server, as a client of this era does."""
        if self._era == "2026-07-28":
            await self._request("server/discover")
            return
        hello = {"protocolVersion": self._era, "capabilities": {}, "clientInfo": _CLIENT}
        await self._request("initialize", hello)
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def list_tools(self) -> Json:
        """The result of `tools/list`."""
        return await self._request("tools/list")

    async def call(self, tool: str, arguments: Json) -> Json:
        """The result of a tool. Raises PeerFailed where it is an error."""
        result = await self._request("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise PeerFailed(f"{tool}: {text_of(result)[:200]}")
        return result

    async def _request(self, method: str, params: Json | None = None) -> Json:
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": self._filled(params)}
        answer = await self._send(message)
        if answer is None or "result" not in answer:
            raise PeerFailed(f"{method}: {(answer or {}).get('error', 'no answer')}")
        return answer["result"]

    def _filled(self, params: Json | None) -> Json:
        if self._era == "2025-11-25":
            return params or {}
        names = {"protocolVersion": self._era, "clientInfo": _CLIENT, "clientCapabilities": {}}
        meta = {f"io.modelcontextprotocol/{name}": value for name, value in names.items()}
        return {**(params or {}), "_meta": meta}


def text_of(result: Json) -> str:
    """What a model reads of a tool's result."""
    return "\n".join(block.get("text", "") for block in result.get("content", []))


def data_of(result: Json) -> Json:
    """The structured content of a tool's result; empty where there is none."""
    return result.get("structuredContent") or {}
