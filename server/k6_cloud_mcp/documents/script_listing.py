"""`resources/list`: the scripts of the newest load tests, in pages and capped."""

from collections.abc import Mapping
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, Resource

from k6_cloud.errors import K6CloudError
from k6_cloud.models import LoadTest, Page
from k6_cloud_mcp.access.grant import grant_of
from k6_cloud_mcp.documents.resources import JAVASCRIPT, SCRIPT_URI
from k6_cloud_mcp_tools.advice import advised
from k6_cloud_mcp_tools.context import App

PAGE = 50
# Some clients fetch every page without being asked to, so a large account must not be listed whole.
CAP = 200


async def list_scripts(ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that puts the scripts that exist now before the SDK's (static) list of resources."""
    result = await call_next(ctx)
    if ctx.method != "resources/list" or not isinstance(result, dict):
        return result
    if not grant_of(ctx.request).may("k6:read"):
        return {**result, "resources": []}
    skip = _position(ctx.params)
    page = await _newest(ctx.lifespan_context, skip)
    resources = [_resource(test.id, test.name) for test in page.value]
    listed = {**result, "resources": resources}
    end = skip + len(page.value)
    if end < min(page.count or 0, CAP):
        listed["nextCursor"] = str(end)
    else:
        listed["resources"] = [*resources, *result.get("resources", ())]
    return listed


async def _newest(app: App, skip: int) -> Page[LoadTest]:
    try:
        return await app.k6.load_tests.list(top=PAGE, skip=skip, order_by="created desc", count=True)
    except K6CloudError as error:
        raise MCPError(INTERNAL_ERROR, advised(error)) from error


def _position(params: Mapping[str, Any] | None) -> int:
    cursor = (params or {}).get("cursor")
    if cursor is None:
        return 0
    if isinstance(cursor, str) and cursor.isascii() and cursor.isdigit() and int(cursor) < CAP:
        return int(cursor)
    raise MCPError(INVALID_PARAMS, "Invalid cursor: list again without one.")


def _resource(test_id: int, name: str) -> dict[str, Any]:
    resource = Resource(
        uri=SCRIPT_URI.replace("{id}", str(test_id)),
        name=f"{name} (load test {test_id})",
        description="k6 script: JavaScript, or an archive",
        mime_type=JAVASCRIPT,
    )
    return resource.model_dump(mode="json", by_alias=True, exclude_none=True)
