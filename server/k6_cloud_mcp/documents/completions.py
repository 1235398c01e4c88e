"""Completion of the `{id}` in document addresses: by id, or by a part of the name."""

from mcp.server.mcpserver import MCPServer
from mcp_types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from k6_cloud.errors import K6CloudError
from k6_cloud_mcp.access.grant import current_grant
from k6_cloud_mcp.access.policy_headers import app_of_request
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.paging import search_pages
from k6_cloud_mcp_tools.results import LoadTestRow

_LIMIT = 20


def add_completions(server: MCPServer[App]) -> None:
    """Answer completion requests."""

    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,  # noqa: ARG001 - the SDK passes it
    ) -> Completion | None:
        running = app_of_request.get()
        asks_for_test = isinstance(ref, ResourceTemplateReference) and "load_tests/{id}" in ref.uri
        if running is None or not current_grant().may("k6:read"):
            return None
        if argument.name != "id" or not asks_for_test:
            return None
        return Completion(values=await _load_test_ids(running, argument.value))

    server.completion()(complete)


async def _load_test_ids(app: App, typed: str) -> list[str]:
    """Ids of the newest tests whose id starts with, or whose name contains, what was typed."""
    try:
        page = await app.k6.load_tests.list(top=1000, order_by="created desc")
        by_id = [str(test.id) for test in page.value if typed.isdigit() and str(test.id).startswith(typed)]
        rows = await search_pages(app.k6.pages(page), typed, _LIMIT, 0, LoadTestRow.of)
    except K6CloudError:
        return []
    return list(dict.fromkeys([*by_id, *(str(row.id) for row in rows.rows)]))[:_LIMIT]
