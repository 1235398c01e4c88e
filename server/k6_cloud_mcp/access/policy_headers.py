"""Rules that an HTTP request brings along in `X-K6-MCP-…` headers: they tighten the policy, never loosen it."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from k6_cloud_mcp.config.policy_rules import Rules, problems
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.policy import Policy

_PREFIX = "x-k6-mcp-"
# What completions work with: the SDK hands them no context.
app_of_request: ContextVar[App | None] = ContextVar("app_of_request", default=None)


async def under_request_rules(ctx: ServerRequestContext[App, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that gives each request an app under the policy as its own headers tighten it."""
    headers: Mapping[str, str] = getattr(ctx.request, "headers", None) or {}
    app = ctx.lifespan_context
    if given := _given(headers):
        app = app.under(tightened(app.policy, Rules.model_validate(given), frozenset(given)))
    token = app_of_request.set(app)
    try:
        return await call_next(replace(ctx, lifespan_context=app))
    finally:
        app_of_request.reset(token)


class RequireValidRules:
    """ASGI middleware that answers 400 to rules that cannot be read: ignoring one would loosen what was meant."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (problem := _problem(Headers(scope=scope))):
            body = {"error": "invalid_rules", "error_description": problem}
            await JSONResponse(body, 400)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def tightened(policy: Policy, rules: Rules, given: frozenset[str]) -> Policy:
    """The policy with the `given` ones of `rules` on top: of two ceilings the lower, of two lists what is in both."""
    allow = policy.allow & rules.allow if "allow" in given else policy.allow
    asks = "confirm" in given
    return replace(
        policy,
        confirm="ask" if asks else policy.confirm,
        # A policy that lets nobody confirm what it does not allow goes on refusing that.
        only=policy.allow if asks and policy.confirm == "policy" else policy.only,
        allow=allow,
        projects=_both(policy.projects, rules.projects),
        max_vuh_per_run=_lower(policy.max_vuh_per_run, rules.max_vuh_per_run),
        max_vuh_per_day=_lower(policy.max_vuh_per_day, rules.max_vuh_per_day),
        max_vus=_lower(policy.max_vus, rules.max_vus),
        quiet_hours=(*policy.quiet_hours, *rules.quiet_hours),
    )


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    """The rules in these headers, as text by name."""
    return {
        name.lower().removeprefix(_PREFIX).replace("-", "_"): value
        for name, value in headers.items()
        if name.lower().startswith(_PREFIX)
    }


def _problem(headers: Headers) -> str | None:
    """What is wrong with the rules in these headers, in words."""
    given = _given(headers)
    if not given:
        return None
    if twice := [name for name in headers if name.startswith(_PREFIX) and len(headers.getlist(name)) > 1]:
        return f"{twice[0]} was sent twice. Send it once. Nothing was called."
    if given.get("confirm", "ask") != "ask":
        return f"{_PREFIX}confirm may only be ask: a request can tighten the policy, not loosen it. Nothing was called."
    try:
        Rules.model_validate(given)
    except ValidationError as error:
        return f"Rules in {_PREFIX}… headers: {problems(error)}. Nothing was called."
    return None


def _both(ours: frozenset[int] | None, theirs: frozenset[int] | None) -> frozenset[int] | None:
    if ours is None or theirs is None:
        return ours if theirs is None else theirs
    return ours & theirs


def _lower(ours: float | None, theirs: float | None) -> Any:
    return min((ceiling for ceiling in (ours, theirs) if ceiling is not None), default=None)
