"""MCP messages over streamable HTTP."""

import json

from http1 import Message
from pool import Pool
from session import Era, Json, PeerFailed


class HttpWire:
    """One server, with connections to it."""

    def __init__(self, port: int, era: Era) -> None:
        self._pool = Pool(port)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": era,
        }

    async def send(self, message: Json) -> Json | None:
        """Send a message; the answer to a request, None for a notification."""
        headers = {**self._headers, "Mcp-Method": message["method"]}
        if name := message.get("params", {}).get("name"):
            headers["Mcp-Name"] = name
        body = json.dumps(message, separators=(",", ":")).encode()
        response = await self._pool.request("POST", "/mcp", headers, body)
        if "mcp-session-id" in response.headers:
            self._headers["Mcp-Session-Id"] = response.headers["mcp-session-id"]
        if response.status >= 400:
            raise PeerFailed(f"HTTP {response.status}: {response.body[:200].decode()}")
        return _answer(response) if "id" in message else None

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _answer(response: Message) -> Json:
    """The answer in a JSON body, or the last event of a stream."""
    if response.headers.get("content-type", "").startswith("application/json"):
        return json.loads(response.body)
    events = [line[5:] for line in response.body.splitlines() if line.startswith(b"data:") and len(line) > 6]
    return json.loads(events[-1])
