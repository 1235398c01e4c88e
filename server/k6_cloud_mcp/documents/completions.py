"""Completion of the `{id}` in document addresses: by id, or by a part of the name."""

from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    CompleteRequestParams,
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from k6_cloud.errors import K6CloudError
from k6_cloud_mcp.access.grant import grant_of
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.paging import SCAN_LIMIT

_LIMIT = 20


def add_completions(server: MCPServer[App]) -> None:
    """Answer completion requests, with nothing: `complete_ids` fills in what there is."""

    async def nothing(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        del ref, argument, context

    server.completion()(nothing)


async def complete_ids(ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that completes ids of load tests: the SDK's own handler is given no context to find them with."""
    result = await call_next(ctx)
    if ctx.method != "completion/complete" or not isinstance(result, dict):
        return result
    request = CompleteRequestParams.model_validate(ctx.params, by_name=False)
    if not _asks_for_test(request) or not grant_of(ctx.request).may("k6:read"):
        return result
    values = await _load_test_ids(ctx.lifespan_context, request.argument.value)
    return {**result, "completion": {**result["completion"], "values": values}}


def _asks_for_test(request: CompleteRequestParams) -> bool:
    ref = request.ref
    is_test = isinstance(ref, ResourceTemplateReference) and "load_tests/{id}" in ref.uri
    return is_test and request.argument.name == "id"


async def _load_test_ids(app: App, typed: str) -> list[str]:
    """Return the ids of the newest tests whose id starts with, or whose name contains, the typed text."""
    by_id: list[str] = []
    by_name: list[str] = []
    looked_at = 0
    try:
        async for test in app.k6.load_tests.iterate(order_by="created desc"):
            if typed.isdigit() and str(test.id).startswith(typed):
                by_id.append(str(test.id))
            elif typed.casefold() in test.name.casefold():
                by_name.append(str(test.id))
            looked_at += 1
            if len(by_id) + len(by_name) == _LIMIT or looked_at == SCAN_LIMIT:
                break
    except K6CloudError:
        return []
    return [*by_id, *by_name]
