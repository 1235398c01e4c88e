"""Publishes a guarded operation: its arguments, those of the guard, and the steps that the SDK takes with them.

The SDK runs the resolvers `plan` and `confirm`, and then the tool. Each is handed what the one before it found.
"""

import inspect
from collections.abc import Awaitable, Callable
from types import UnionType
from typing import Annotated, Any, Generic, Union, get_args, get_origin

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver.resolve import Resolve
from pydantic import BaseModel, Field

from k6_cloud.wrappers.step_reads import StepReads
from k6_cloud_mcp_tools.context import Call, app_of
from k6_cloud_mcp_tools.guard.callers import caller, client_of
from k6_cloud_mcp_tools.guard.guarded_call import Confirmation, GuardedCall
from k6_cloud_mcp_tools.guard.plan import Guarded, Plan, Settled, T
from k6_cloud_mcp_tools.guard.recorder import Record
from k6_cloud_mcp_tools.guard.signatures import keyword, sign

ConfirmationToken = Annotated[
    str | None, Field(description="Only from an earlier confirmation_required result, after the user agreed.")
]
DryRun = Annotated[bool, Field(description="Only preview and show the request; send nothing.")]
# Called with the app and the arguments of the tool. Raises before anyone is asked if the call cannot work.
Planner = Callable[..., Awaitable[Plan[T] | Settled[T]]]
_APP = "app"


class GuardedTool(Generic[T]):
    """A guarded operation as the SDK is to call it."""

    def __init__(self, operation: Planner[T]) -> None:
        self._operation = operation
        self._name = operation.__name__
        signature = inspect.signature(operation, eval_str=True)
        self._result = _result_of(signature.return_annotation)
        self._arguments = [
            keyword(name, parameter.annotation, parameter.default)
            for name, parameter in signature.parameters.items()
            if name != _APP
        ]

    async def plan(self, ctx: Call, dry_run: bool, arguments: dict[str, Any]) -> GuardedCall[T]:
        """Make the plan; in a dry run with an app that sends nothing."""
        app, reads = app_of(ctx), StepReads()
        in_steps = app.in_steps(reads)
        planning_app = in_steps.rehearsing() if dry_run else in_steps
        record = Record(app.audit, self._name, arguments, caller(), client_of(ctx), reads.projects)

        async def make_plan() -> Plan[T] | Settled[T]:
            reads.begin()
            return await self._operation(planning_app, **arguments)

        async with record.refusals():
            plan = await make_plan()
        record.preview = plan.preview if isinstance(plan, Plan) else None
        return GuardedCall(ctx, app, self._name, record, dry_run, make_plan, plan, reads)

    def published(self) -> Callable[..., Awaitable[Guarded[T]]]:
        """The function to publish."""
        dry_run, token = (
            keyword("dry_run", DryRun, False),
            keyword("confirmation_token", ConfirmationToken, None),
        )
        ctx = keyword("ctx", Call)

        async def plan(ctx: Call, dry_run: bool, **arguments: Any) -> GuardedCall[T]:
            return await self.plan(ctx, dry_run, arguments)

        sign(plan, [*self._arguments, dry_run, ctx])
        call = keyword("call", Annotated[GuardedCall[Any], Resolve(plan)])

        async def confirm(call: GuardedCall[T], confirmation_token: str | None) -> Confirmation[T]:
            return await call.confirm(confirmation_token)

        sign(confirm, [call, token])
        confirm.__qualname__ = f"confirm[{self._name}]"
        confirmation = keyword("confirmation", Annotated[ElicitationResult[BaseModel], Resolve(confirm)])

        async def act(call: GuardedCall[T], confirmation: ElicitationResult[Any], **_: Any) -> Guarded[T]:
            return await call.finish(confirmation)

        sign(act, [*self._arguments, dry_run, token, call, confirmation], Guarded[self._result])
        act.__name__ = act.__qualname__ = self._name
        act.__doc__ = self._operation.__doc__
        return act


def _result_of(annotation: Any) -> Any:
    """The type of the result of a plan, as the operation declares it."""
    plan = get_args(annotation)[0] if get_origin(annotation) in (Union, UnionType) else annotation
    return get_args(plan)[0]
