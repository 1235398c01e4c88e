"""Dry runs: a plan is carried out up to its first request that would change something, which is shown instead of sent."""

from k6_cloud.wrappers.dry_run import Rehearsed
from k6_cloud_mcp_tools.context import App, Call
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling
from k6_cloud_mcp_tools.guard.decisions import NoDecision, decision_of
from k6_cloud_mcp_tools.guard.plan import Guarded, Plan, T

_PROSPECTS = {
    "policy": "it would be done without asking, as the operator's policy allows it",
    "person": "the user would be asked",
    "token": "it would return a confirmation_token for a second call",
}


async def rehearsed(plan: Plan[T], prospect: str) -> Guarded[T]:
    """Return the first request of a plan that was made with a rehearsing app; `prospect` says what the call would meet without `dry_run`."""
    shown = plan.preview.shown if plan.preview else None
    try:
        result = await plan.act()
    except Rehearsed as unsent:
        return Guarded(
            status="dry_run", preview=shown, request=unsent.request, next=f"Nothing was changed. {prospect}"
        )
    return Guarded(status="dry_run", preview=shown, result=result, next="There is nothing to send.")


async def prospect_of(ctx: Call, app: App, operation: str, plan: Plan[T]) -> str:
    """Describe what a call would meet without `dry_run`."""
    if plan.preview is None:
        return "Without dry_run it would be done without asking."
    if reason := await over_a_ceiling(app, plan.load):
        return f"Without dry_run it would be refused: {reason}."
    try:
        decision = decision_of(ctx, app, operation)
    except NoDecision as error:
        return f"Without dry_run it would be refused: {error}"
    return f"Without dry_run {_PROSPECTS[decision.by]}."
