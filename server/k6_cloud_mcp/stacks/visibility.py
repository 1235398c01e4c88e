"""The visible part of the server for a caller: only what it may do, with `stack` if there are several."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, INVALID_REQUEST

from k6_cloud_mcp.access.grant import Grant, grant_of
from k6_cloud_mcp.instructions import instructions
from k6_cloud_mcp.stacks.routing import ARGUMENT, NEEDS_STACK, TEMPLATE, routed
from k6_cloud_mcp.stacks.stacks import NoStack, Stacks, Unreachable
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.toolsets import Published

Json = dict[str, Any]
Request = ServerRequestContext[App, Any]
# Documents that say nothing of any stack.
_OF_NO_STACK = ("ui://", "k6://audit")
_TO_READ = ("resources", "resourceTemplates", "prompts")


class Visibility:
    """Middleware that gives each request the app of its caller and stack, and shows only what that caller may do."""

    def __init__(self, stacks: Stacks | None, tools: Sequence[Published]) -> None:
        self._stacks = stacks
        self._all = tools

    async def __call__(self, ctx: Request, call_next: CallNext) -> HandlerResult:
        grant = grant_of(ctx.request)
        names = self._stacks.names(grant) if self._stacks else []
        result = await self._answer(ctx, call_next, grant, names)
        return self._shown(ctx, result, grant, names) if isinstance(result, dict) else result

    async def _answer(
        self, ctx: Request, call_next: CallNext, grant: Grant, names: Sequence[str]
    ) -> HandlerResult:
        base = ctx.lifespan_context
        if self._stacks is None or not _needs_stack(ctx, grant):
            app = replace(base, policy=grant.tighten(base.policy)) if grant.rules else base
            return await call_next(replace(ctx, lifespan_context=app))
        try:
            params, name = routed(ctx.method, ctx.params, names)
            async with self._stacks.app(base, grant, name) as app:
                return await call_next(replace(ctx, params=params, lifespan_context=app))
        except NoStack as error:
            if ctx.method != "tools/call":
                raise MCPError(INVALID_PARAMS, str(error)) from error
            # The result has to be a tool's, which only the server can give.
            app = Unreachable(base.unscoped, reason=str(error))
            return await call_next(replace(ctx, lifespan_context=app))

    def _shown(self, ctx: Request, result: Json, grant: Grant, names: Sequence[str]) -> Json:
        if "instructions" in result:
            return result | {"instructions": self._instructions(ctx.lifespan_context, grant)}
        if ctx.method == "tools/list":
            return result | {"tools": self._tools(result["tools"], grant, names)}
        if not grant.may("k6:read"):
            return result | {kind: [] for kind in _TO_READ if kind in result}
        return _documents(ctx, result, names) if len(names) > 1 else result

    def _instructions(self, base: App, grant: Grant) -> str:
        sandbox = self._stacks.is_sandbox(base, grant) if self._stacks else base.sandbox
        policy = grant.tighten(base.policy)
        return instructions(self._allowed(grant), sandbox=sandbox, policy=policy)

    def _allowed(self, grant: Grant) -> list[Published]:
        return [tool for tool in self._all if grant.may(tool.scope)]

    def _tools(self, listed: Sequence[Json], grant: Grant, names: Sequence[str]) -> list[Json]:
        allowed = {tool.name for tool in self._allowed(grant)}
        tools = [tool for tool in listed if tool["name"] in allowed]
        return [_with_stack(tool, names) for tool in tools] if len(names) > 1 else tools


def refusal_of(tool: Published | None, request: Any, app: App) -> str | None:
    """Explain why this caller may not call a tool now; None if it may."""
    if isinstance(app, Unreachable):
        return app.reason
    grant = grant_of(request)
    if tool is None or grant.may(tool.scope):
        return None
    return f"Not called: {tool.name} needs the scope {tool.scope}, and your token has {_words(grant)}."


def require_read(request: Any) -> None:
    """Raise MCPError for a caller that may not read: documents and prompts are for reading."""
    if not (grant := grant_of(request)).may("k6:read"):
        words = f"This needs the scope k6:read, and your token has {_words(grant)}."
        raise MCPError(INVALID_REQUEST, words)


def _words(grant: Grant) -> str:
    return f"only {', '.join(grant.scopes)}" if grant.scopes else "none"


def _needs_stack(ctx: Request, grant: Grant) -> bool:
    if ctx.method not in NEEDS_STACK:
        return False
    if ctx.method != "tools/call" and not grant.may("k6:read"):
        return False
    return not str((ctx.params or {}).get("uri", "")).startswith(_OF_NO_STACK)


def _with_stack(tool: Json, names: Sequence[str]) -> Json:
    schema: Json = tool["inputSchema"]
    properties = {**schema.get("properties", {}), ARGUMENT: {"enum": [*names]}}
    required = [*schema.get("required", []), ARGUMENT]
    return tool | {"inputSchema": schema | {"properties": properties, "required": required}}


def _documents(ctx: Request, result: Json, names: Sequence[str]) -> Json:
    """Addresses with their stack, and a list that goes on with the next stack."""
    if ctx.method == "resources/templates/list":
        templates = [_templated(one) for one in cast(list[Json], result["resourceTemplates"])]
        return result | {"resourceTemplates": templates}
    if ctx.method == "resources/read":
        address = (ctx.params or {}).get("uri")
        contents = [one | {"uri": address} for one in cast(list[Json], result.get("contents", []))]
        return result | {"contents": contents}
    return _page(ctx.params or {}, result, names) if ctx.method == "resources/list" else result


def _templated(template: Json) -> Json:
    return template | {"uriTemplate": template["uriTemplate"] + TEMPLATE}


def _page(params: Mapping[str, Any], result: Json, names: Sequence[str]) -> Json:
    """A page of one stack's list. What is of no stack stands on the last one only."""
    cursor = params.get("cursor")
    name = cursor.rpartition("/")[0] if isinstance(cursor, str) else names[0]
    following = names[names.index(name) + 1 :]
    more = (
        f"{name}/{place}"
        if (place := result.get("nextCursor"))
        else next((f"{one}/" for one in following), None)
    )
    resources = [
        one if one["uri"].startswith(_OF_NO_STACK) else one | {"uri": f"{one['uri']}?{ARGUMENT}={name}"}
        for one in cast(list[Json], result["resources"])
        if not (following and one["uri"].startswith(_OF_NO_STACK))
    ]
    page = {key: value for key, value in result.items() if key != "nextCursor"} | {"resources": resources}
    return page | {"nextCursor": more} if more else page
