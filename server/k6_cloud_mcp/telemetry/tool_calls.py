"""Watches tool calls from outside: how they end, and how long they take."""

import logging
import time
from collections.abc import Iterable
from typing import Any, cast

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from k6_cloud_mcp.telemetry.metrics import Measures
from k6_cloud_mcp.telemetry.request_ids import id_of, request_id
from k6_cloud_mcp_tools.context import App

logger = logging.getLogger(__name__)
# What a caller may make up must not become a label.
_UNKNOWN = "unknown"


class WatchedCalls:
    """Middleware that measures and logs each tool call, by its name and outcome alone."""

    def __init__(self, measures: Measures, tools: Iterable[str]) -> None:
        self._measures = measures
        self._tools = frozenset(tools)

    async def __call__(self, ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
        token = request_id.set(id_of(ctx.request))
        try:
            if ctx.method != "tools/call":
                return await call_next(ctx)
            return await self._watched(ctx, call_next)
        finally:
            request_id.reset(token)

    async def _watched(self, ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
        outcome, begun = "failed", time.perf_counter()
        try:
            result = await call_next(ctx)
            outcome = _outcome(result)
            return result
        finally:
            self._note((ctx.params or {}).get("name"), outcome, time.perf_counter() - begun)

    def _note(self, name: object, outcome: str, seconds: float) -> None:
        tool = name if isinstance(name, str) and name in self._tools else _UNKNOWN
        self._measures.called(tool, outcome, seconds)
        logger.info("%s: %s in %.0f ms", tool, outcome, seconds * 1000)


def _outcome(result: HandlerResult) -> str:
    """In a word: `ok`, `error` (the model was told), `question` (the client asks), `confirmation_required`."""
    if not isinstance(result, dict):
        return "ok"
    if result.get("isError"):
        return "error"
    if result.get("resultType") == "input_required":
        return "question"
    content = cast(dict[str, object], result.get("structuredContent") or {})
    return "confirmation_required" if content.get("status") == "confirmation_required" else "ok"
