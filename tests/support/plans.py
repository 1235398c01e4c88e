"""What an operation plans, as a test reads it."""

from collections.abc import Awaitable
from typing import Any

from k6_cloud_mcp_tools.guard.plan import Plan, Preview, Settled


async def preview_of(planning: Awaitable[Plan[Any] | Settled[Any]]) -> Preview | None:
    """The preview of a plan; None if there is nothing to confirm."""
    plan = await planning
    assert isinstance(plan, Plan)
    return plan.preview


async def text_of_plan(planning: Awaitable[Plan[Any] | Settled[Any]]) -> str:
    """The text of the preview of a plan."""
    preview = await preview_of(planning)
    assert preview is not None
    return preview.text
