"""Every answer to a client, with nothing that hides in other people's text."""

from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError

from k6_cloud.safe_text import clip, escape, escape_all
from k6_cloud_mcp_tools.context import App

_LONGEST_ERROR = 20_000


async def safe_answers(ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that escapes results and errors. Documents stay exact, and tools escape their own results."""
    try:
        result = await call_next(ctx)
    except MCPError as error:
        error.error = error.error.model_copy(
            update={
                "message": clip(escape(error.message), _LONGEST_ERROR),
                "data": escape_all(error.data),
            }
        )
        raise
    return result if _is_escaped(ctx.method, result) else escape_all(result)


def _is_escaped(method: str, result: HandlerResult) -> bool:
    if method in ("resources/read", "tools/list") or not isinstance(result, dict):
        return True
    return method == "tools/call" and "structuredContent" in result and not result.get("isError")
