"""How a guarded call is carried out: previewed, decided by a rung, recorded, and only then done."""

import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, cast

from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field

from k6_cloud_mcp_tools.context import App, Call, app_of
from k6_cloud_mcp_tools.guard import elicitation
from k6_cloud_mcp_tools.guard.audit import Decider
from k6_cloud_mcp_tools.guard.callers import caller, client_of
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling
from k6_cloud_mcp_tools.guard.confirmations import Act, ConfirmationRefused, Lapsed
from k6_cloud_mcp_tools.guard.decisions import NoRung, Rung, asks_in_result, rung_of
from k6_cloud_mcp_tools.guard.dry_run import prospect_of, rehearse
from k6_cloud_mcp_tools.guard.forms import form_for, require_yes
from k6_cloud_mcp_tools.guard.next_steps import next_step
from k6_cloud_mcp_tools.guard.previews import Confirmed, Guarded, Preview, Previewer, Settled
from k6_cloud_mcp_tools.guard.recorder import Record
from k6_cloud_mcp_tools.guard.signatures import is_injected, keyword, sign

logger = logging.getLogger(__name__)
_DECLINED = (
    "Not done: the confirmation was declined in the client. Some clients decline by themselves where nobody can be "
    "asked: ask the user before trying again."
)
_CLOSED = (
    "Not done: the confirmation was closed without an answer. Some clients do this by themselves when they cannot "
    "show it, so do not take it as the user's refusal: ask the user."
)
Tool = Callable[..., Awaitable[Any]]
# What a repeated call finds that was done already: (app, caller, since, **arguments) -> result or None.
Repeated = Callable[..., Awaitable[BaseModel | None]]

ConfirmationToken = Annotated[
    str | None, Field(description="Only from an earlier confirmation_required result, after the user agreed.")
]
DryRun = Annotated[bool, Field(description="Only preview and show the request; send nothing.")]


def guarded(preview: Previewer, repeated: Repeated | None = None) -> Callable[[Tool], Tool]:
    """Wrap a tool function so that it runs only once its preview is confirmed.

    `preview(app, **arguments)` fetches live what the call would do. It raises when the call cannot work,
    before anyone is asked, returns None when there is nothing to confirm, and raises Settled when nothing is
    left to do. `repeated(app, caller, since, **arguments)` finds what a used or stale token already did.
    """

    def decorate(tool: Tool) -> Tool:
        return GuardedTool(tool, preview, repeated).wrapper()

    return decorate


@dataclass(frozen=True)
class _Decided:
    """No question is open: `by` decided."""

    by: Decider


@dataclass(frozen=True)
class _Answered:
    """The call is answered without doing anything."""

    result: Guarded[Any]


# The resolver and the tool body run in one task: what the first previewed, the second compares and records.
_record: ContextVar[Record | None] = ContextVar("record", default=None)


class GuardedTool:
    """Builds the resolver that asks and the wrapper that acts, with signatures made from the tool's own."""

    def __init__(self, tool: Tool, preview: Previewer, repeated: Repeated | None) -> None:
        self._tool = tool
        self._name = tool.__name__
        self._preview = preview
        self._repeated = repeated
        self._signature = inspect.signature(tool, eval_str=True)
        self._parameters = [
            keyword(name, parameter.annotation, parameter.default)
            for name, parameter in self._signature.parameters.items()
            if parameter.annotation is not Confirmed
        ]
        self._takes_confirmed = [
            name for name, one in self._signature.parameters.items() if one.annotation is Confirmed
        ]
        self._arguments = [one for one in self._parameters if not is_injected(one.annotation)]

    async def ask(self, **call: Any) -> _Decided | _Answered | Elicit[Any]:
        """Decide how this call is confirmed: by policy, by its token, by asking, or by offering a token."""
        ctx: Call = call.pop("ctx")
        token: str | None = call.pop("confirmation_token")
        dry_run: bool = call.pop("dry_run")
        app = app_of(ctx)
        record = Record(app.audit, self._name, call, caller(), client_of(ctx))
        _record.set(record)
        async with record.refusals():
            try:
                record.preview = await self._preview(app, **call)
            except Settled as settled:
                return _Answered(await _done_earlier(None if dry_run else record, settled.result))
            if dry_run or record.preview is None:
                return _Decided("not needed")
            await _require_within_ceilings(app, record.preview)
            if token:
                return await self._spend(app, token, record)
            return await self._offer(ctx, app, record)

    async def _spend(self, app: App, token: str, record: Record) -> _Decided | _Answered:
        """Use the token; one that was used before may have done what this call wants."""
        if app.policy.confirm not in ("auto", "two_step"):
            raise ConfirmationRefused("This server takes no confirmation tokens. Call again without one.")
        try:
            app.confirmations.spend(token, self._act(record))
        except Lapsed as lapsed:
            return _Answered(await self._done_before(app, record, lapsed))
        return _Decided("token")

    async def _offer(self, ctx: Call, app: App, record: Record) -> _Decided | _Answered | Elicit[Any]:
        """Act by policy, ask the person, or hand out a token."""
        assert record.preview is not None
        try:
            rung = rung_of(ctx, app, self._name)
        except NoRung as error:
            raise ToolError(f"Not done: {error}") from error
        if rung.by == "policy":
            return _Decided("policy")
        if rung.by == "person":
            return await self._question(ctx, app, record, record.preview)
        await record.note("offered")
        return _Answered(self._with_token(ctx, record, record.preview, rung))

    async def _question(self, ctx: Call, app: App, record: Record, preview: Preview) -> Elicit[Any]:
        if not ctx.input_responses:
            await record.note("asked")
        if not asks_in_result(ctx):
            elicitation.asked(app.ask_seconds)
        return Elicit(preview.shown, form_for(preview))

    def _with_token(self, ctx: Call, record: Record, preview: Preview, rung: Rung) -> Guarded[Any]:
        return Guarded(
            status="confirmation_required",
            preview=preview.shown,
            confirmation_token=app_of(ctx).confirmations.issue(self._act(record)),
            typed_name=preview.typed_name,
            next=next_step(ctx, self._name, rung.why),
        )

    async def act(self, **call: Any) -> Guarded[Any]:
        """Run the tool if the outcome allows it; say what is needed if it does not."""
        elicitation.answered()
        ctx: Call = call.pop("ctx")
        outcome = call.pop("confirmation")
        dry_run: bool = call.pop("dry_run")
        call.pop("confirmation_token")
        decided = _answer(outcome)
        if isinstance(decided, _Answered):
            return decided.result
        app = app_of(ctx)
        record = _record.get()
        assert record is not None
        if dry_run:
            return await self._rehearse(ctx, app, record, call)
        async with record.refusals():
            if not isinstance(decided, _Decided):
                record.by = "person"
                try:
                    await self._check_answer(ctx, app, outcome, record)
                except Lapsed as lapsed:
                    return await self._done_before(app, record, lapsed)
                except Settled as settled:
                    return await _done_earlier(record, settled.result)
            else:
                record.by = decided.by
        return await self._do(app, record, call)

    async def _check_answer(self, ctx: Call, app: App, outcome: Any, record: Record) -> None:
        """Raise unless the person said yes, for the first time, to what would still happen now."""
        if isinstance(outcome, DeclinedElicitation):
            raise ToolError(_DECLINED)
        if (answer := _answer(outcome)) is None:
            raise ToolError(_CLOSED)
        if asks_in_result(ctx) and (state := elicitation.answered_state.get()):
            app.confirmations.spend_answer(state)
        if record.preview is None or await self._changed(ctx, app, record):
            raise ToolError(
                "Not done: what was previewed has changed meanwhile. Call again for a new preview."
            )
        require_yes(answer, record.preview)

    async def _changed(self, ctx: Call, app: App, record: Record) -> bool:
        """Whether the preview would read otherwise now. Since 2026-07-28 the SDK binds the answer to it."""
        return not asks_in_result(ctx) and await self._preview(app, **record.arguments) != record.preview

    async def _do(self, app: App, record: Record, call: dict[str, Any]) -> Guarded[Any]:
        """Run the tool, between its two records."""
        async with _turn_to_spend(app, record):
            await record.begin()
            async with record.ending():
                result = await self._tool(**call, **self._confirmed(app, record))
            await record.note("done", result=result)
        logger.info("%s: confirmed by %s", self._name, record.by)
        return Guarded(status="done", confirmed_by=record.by, result=result)

    async def _rehearse(self, ctx: Call, app: App, record: Record, call: dict[str, Any]) -> Guarded[Any]:
        await record.note("dry run")
        prospect = await prospect_of(ctx, app, self._name, record.preview)
        return await rehearse(self._tool, call | self._confirmed(app, record), record.preview, prospect)

    async def _done_before(self, app: App, record: Record, lapsed: Lapsed) -> Guarded[Any]:
        """What this call did already when its confirmation was used first. Raises `lapsed` where nothing is found."""
        if self._repeated is not None and (
            result := await self._repeated(app, record.caller, lapsed.issued, **record.arguments)
        ):
            return await _done_earlier(record, result)
        raise lapsed

    def _confirmed(self, app: App, record: Record) -> dict[str, Confirmed]:
        confirmed = Confirmed(record.by or "not needed", app.confirmations.key_for(self._act(record)))
        return dict.fromkeys(self._takes_confirmed, confirmed)

    def _act(self, record: Record) -> Act:
        shown = record.preview.shown if record.preview else ""
        return Act(self._name, {"sha256": record.arguments_sha256}, shown, record.caller)

    def wrapper(self) -> Tool:
        """The function to publish: the tool's arguments, the guard's, and the confirmation filled by `ask`."""
        own = [keyword("dry_run", DryRun, False), keyword("confirmation_token", ConfirmationToken, None)]
        ctx = keyword("ctx", Call)

        async def ask(**call: Any) -> Any:
            return await self.ask(**call)

        async def act(**call: Any) -> Any:
            return await self.act(**call)

        sign(ask, [*self._arguments, *own, ctx])
        ask.__qualname__ = f"confirm[{self._name}]"
        confirmation = keyword("confirmation", Annotated[ElicitationResult[BaseModel], Resolve(ask)])
        result = self._signature.return_annotation
        sign(act, [*self._parameters, *own, ctx, confirmation], Guarded[result])
        act.__name__ = act.__qualname__ = self._name
        act.__doc__ = self._tool.__doc__
        return act


def _answer(outcome: Any) -> Any:
    """What the resolver or the person answered; None when there is no answer."""
    return cast(Any, outcome).data if isinstance(outcome, AcceptedElicitation) else None


async def _done_earlier(record: Record | None, result: BaseModel) -> Guarded[Any]:
    """What an earlier call did is the result, and recorded as told."""
    if record is not None:
        record.by = "not needed"
        await record.note("done", "an earlier call did it", result)
    return Guarded(status="done", confirmed_by="not needed", result=result)


async def _require_within_ceilings(app: App, preview: Preview) -> None:
    if reason := await over_a_ceiling(app, preview.load):
        raise ToolError(f"Not done: the operator's policy forbids it: {reason}.")


@asynccontextmanager
async def _turn_to_spend(app: App, record: Record) -> AsyncGenerator[None, None]:
    """Where there is a ceiling for the day, one start at a time, each counting what those before it cost."""
    if record.preview is None or record.preview.load is None or app.policy.max_vuh_per_day is None:
        yield
        return
    async with app.turn:
        async with record.refusals():
            await _require_within_ceilings(app, record.preview)
        yield
