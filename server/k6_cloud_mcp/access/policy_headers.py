"""Rules in the `X-K6-MCP-…` headers of an HTTP request: they tighten the policy, never loosen it."""

from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from k6_cloud_mcp.config.policy_rules import RulesError, tightening
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.policy import Policy

_PREFIX = "x-k6-mcp-"


def rules_in(headers: Headers) -> Policy | None:
    """The rules of a request; None without any. Raises RulesError for those that cannot be read.

    To ignore one would loosen what was meant.
    """
    given: dict[str, str] = {}
    for header, value in headers.items():
        # A proxy may write `_` for `-`, and any header may be repeated.
        name = header.lower().replace("_", "-")
        if not name.startswith(_PREFIX):
            continue
        rule = name.removeprefix(_PREFIX).replace("-", "_")
        if rule in given:
            raise RulesError(f"{name} was sent twice. Send it once.")
        given[rule] = value
    return tightening(given) if given else None


# What completions work with: the SDK hands them no context.
app_of_request: ContextVar[App | None] = ContextVar("app_of_request", default=None)


async def under_request_rules(ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that gives each request an app under the policy as its own headers tighten it."""
    headers: Headers | None = getattr(ctx.request, "headers", None)
    app = ctx.lifespan_context
    if headers and (rules := rules_in(headers)):
        app = replace(app, policy=app.policy.tightened_by(rules))
    token = app_of_request.set(app)
    try:
        return await call_next(replace(ctx, lifespan_context=app))
    finally:
        app_of_request.reset(token)


class RequireValidRules:
    """ASGI middleware that answers 400 to rules that cannot be read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                rules_in(Headers(scope=scope))
            except RulesError as error:
                words = f"Rules in {_PREFIX}… headers: {error} Nothing was called."
                body = {"error": "invalid_rules", "error_description": words}
                await JSONResponse(body, 400)(scope, receive, send)
                return
        await self._app(scope, receive, send)
