"""Dry runs: a tool runs up to its first request that would change something, which is shown instead of sent."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from k6_cloud.client import K6Cloud
from k6_cloud.wrappers.dry_run import Rehearsed
from k6_cloud_mcp_tools.context import App, Call
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling
from k6_cloud_mcp_tools.guard.decisions import NoRung, rung_of
from k6_cloud_mcp_tools.guard.previews import Guarded, Preview
from k6_cloud_mcp_tools.storage.kept_scripts import OnlyFinds

_PROSPECTS = {
    "policy": "it would be done without asking, as the operator's policy allows it",
    "person": "the user would be asked",
    "token": "it would return a confirmation_token for a second call",
}


async def rehearse(
    tool: Callable[..., Awaitable[Any]], call: dict[str, Any], preview: Preview | None, prospect: str
) -> Guarded[Any]:
    """What `tool` would send first; `prospect` says what the same call would meet without `dry_run`."""
    shown = preview.shown if preview else None
    unsent = {name: _rehearsing(value) for name, value in call.items()}
    try:
        result = await tool(**unsent)
    except Rehearsed as rehearsed:
        next_step = f"Nothing was sent. {prospect}"
        return Guarded(status="dry_run", preview=shown, request=rehearsed.request, next=next_step)
    return Guarded(status="dry_run", preview=shown, result=result, next="There is nothing to send.")


async def prospect_of(ctx: Call, app: App, operation: str, preview: Preview | None) -> str:
    """What a call would meet without `dry_run`."""
    if preview is None:
        return "Without dry_run it would be done without asking."
    if reason := await over_a_ceiling(app, preview.load):
        return f"Without dry_run it would be refused: {reason}."
    try:
        rung = rung_of(ctx, app, operation)
    except NoRung as error:
        return f"Without dry_run it would be refused: {error}"
    return f"Without dry_run {_PROSPECTS[rung.by]}."


def _rehearsing(value: Any) -> Any:
    """An injected client or app, as a dry run may use it."""
    if isinstance(value, K6Cloud):
        return value.rehearsing()
    if isinstance(value, App):
        return replace(
            value, unscoped=value.unscoped.rehearsing(), kept_scripts=OnlyFinds(value.kept_scripts)
        )
    return value
