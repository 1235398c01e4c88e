"""One call of a guarded operation: its plan is decided, recorded, and only then carried out."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, cast

import anyio
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit

from k6_cloud.wrappers.step_reads import StepReads
from k6_cloud_mcp_tools.context import App, Call
from k6_cloud_mcp_tools.guard.audit import Decider
from k6_cloud_mcp_tools.guard.callers import caller_and_client
from k6_cloud_mcp_tools.guard.ceilings import over_a_ceiling
from k6_cloud_mcp_tools.guard.confirmations import Act, ConfirmationRefused, Lapsed
from k6_cloud_mcp_tools.guard.decisions import Decision, NoDecision, decision_of
from k6_cloud_mcp_tools.guard.dry_run import prospect_of, rehearsed
from k6_cloud_mcp_tools.guard.elicitation import (
    Unanswered,
    Unreachable,
    ask,
    asks_in_result,
    form_for,
    next_step,
    require_readable,
    require_yes,
    state_id,
)
from k6_cloud_mcp_tools.guard.plan import Guarded, Plan, Preview, Settled, T
from k6_cloud_mcp_tools.guard.recorder import Record

logger = logging.getLogger(__name__)
_CHANGED = "Not done: what was previewed has changed meanwhile. Call again for a new preview."


@dataclass(frozen=True)
class Decided(Generic[T]):
    """`by` decided that this plan is carried out."""

    by: Decider
    plan: Plan[T]


@dataclass(frozen=True)
class Answered(Generic[T]):
    """The call is answered without carrying out anything."""

    result: Guarded[T]


# What `confirm` comes to. A question of 2026-07-28 goes out as a result, and its answer comes with a call of its own.
Confirmation = Decided[T] | Answered[T] | Elicit[Any]


@dataclass(frozen=True)
class GuardedCall(Generic[T]):
    """A call and its plan. `make_plan` makes the plan anew. Plan and act are steps of `reads`."""

    ctx: Call
    app: App
    operation: str
    record: Record
    dry_run: bool
    make_plan: Callable[[], Awaitable[Plan[T] | Settled[T]]]
    plan: Plan[T] | Settled[T]
    reads: StepReads

    async def confirm(self, token: str | None) -> Confirmation[T]:
        """Have the plan decided: by policy, by its token, by a person, or later by a token that is handed out."""
        plan = self.plan
        if isinstance(plan, Settled):
            return Answered(await self._done_earlier(plan.result))
        if self.dry_run or plan.preview is None:
            return Decided("not needed", plan)
        with _keeping(plan.preview):
            async with self.record.refusals():
                if token:
                    return await self._spend(plan, plan.preview, token)
                return await self._decide(plan, plan.preview)

    async def finish(self, outcome: ElicitationResult[Any]) -> Guarded[T]:
        """Carry out the plan if the outcome of `confirm` allows it."""
        decided = self._decided(outcome) or await self._answer_of(outcome)
        if isinstance(decided, Answered):
            return decided.result
        return await (self._rehearse(decided.plan) if self.dry_run else self._carry_out(decided))

    def _decided(self, outcome: ElicitationResult[Any]) -> Decided[T] | Answered[T] | None:
        """Return the decision that `confirm` made by itself; None if a person answered its question."""
        data: object = outcome.data if isinstance(outcome, AcceptedElicitation) else None
        return cast(Decided[T] | Answered[T], data) if isinstance(data, Decided | Answered) else None

    async def _spend(self, plan: Plan[T], preview: Preview, token: str) -> Decided[T] | Answered[T]:
        """Use the token; one that was used before may have done what this call wants."""
        if self.app.policy.confirm not in ("auto", "two_step"):
            raise ConfirmationRefused("This server takes no confirmation tokens. Call again without one.")
        await self._require_within_ceilings(plan)
        try:
            self.app.confirmations.spend(token, self._act(preview))
        except Lapsed as lapsed:
            return await self._done_before(plan, lapsed)
        return Decided("token", plan)

    async def _decide(self, plan: Plan[T], preview: Preview) -> Confirmation[T]:
        """Act by policy, ask the person, or hand out a token."""
        decision = self._decision()
        if decision.by == "policy":
            return Decided("policy", plan)
        await self._require_within_ceilings(plan)
        if decision.by == "person":
            return await self._ask(preview)
        return await self._offer(preview, decision)

    def _decision(self) -> Decision:
        try:
            return decision_of(self.ctx, self.app, self.operation)
        except NoDecision as error:
            raise ToolError(f"Not done: {error}") from error

    async def _offer(self, preview: Preview, decision: Decision) -> Answered[T]:
        await self.record.note("offered")
        return Answered(
            Guarded(
                status="confirmation_required",
                preview=preview.shown,
                confirmation_token=self.app.confirmations.issue(self._act(preview)),
                typed_name=preview.typed_name,
                next=next_step(self.ctx, self.operation, decision.why),
            )
        )

    async def _ask(self, preview: Preview) -> Confirmation[T]:
        """Ask the person; before 2026-07-28 also wait for the answer."""
        if not self.ctx.input_responses:
            await self.record.note("asked")
        if asks_in_result(self.ctx):
            require_readable(self.ctx, preview)
            return Elicit(preview.shown, form_for(preview))
        async with self._remembering_silence():
            await ask(self.ctx, preview, self.app.ask_seconds)
        self.record.by = "person"
        return await self._unchanged(preview)

    @asynccontextmanager
    async def _remembering_silence(self) -> AsyncGenerator[None, None]:
        """Remember a client whose question reached nobody, also one that gives up the call meanwhile."""
        try:
            yield
        except Unreachable as error:
            self.app.unreachable[caller_and_client(self.ctx)] = error.why
            raise
        except anyio.get_cancelled_exc_class():
            self.app.unreachable[caller_and_client(self.ctx)] = Unanswered.why
            await self.record.note("refused", "The client gave the call up while its question was open.")
            raise

    async def _unchanged(self, preview: Preview) -> Decided[T] | Answered[T]:
        """The plan as it reads after the person answered. Raises ToolError if the preview is no longer the same."""
        plan = await self.make_plan()
        if isinstance(plan, Settled):
            return Answered(await self._done_earlier(plan.result))
        if plan.preview != preview:
            raise ToolError(_CHANGED)
        return Decided("person", plan)

    async def _answer_of(self, outcome: ElicitationResult[Any]) -> Decided[T] | Answered[T]:
        """Return the answer to a question of 2026-07-28. The SDK made sure that it was the question for this preview."""
        assert isinstance(self.plan, Plan)
        assert self.plan.preview is not None
        self.record.by = "person"
        with _keeping(self.plan.preview):
            async with self.record.refusals():
                try:
                    self._spend_answer()
                except Lapsed as lapsed:
                    return await self._done_before(self.plan, lapsed)
                require_yes(outcome, self.plan.preview)
        return Decided("person", self.plan)

    def _spend_answer(self) -> None:
        if state := state_id(self.ctx):
            self.app.confirmations.spend_answer(state)

    async def _carry_out(self, decided: Decided[T]) -> Guarded[T]:
        """Act, between the two records of it."""
        self.record.by = decided.by
        async with AsyncExitStack() as stack:
            with _keeping(decided.plan.preview):
                async with self.record.refusals():
                    await stack.enter_async_context(_turn_to_spend(self.app, decided.plan))
                    await self._require_within_ceilings(decided.plan)
            await self.record.begin()
            self.reads.begin()
            async with self.record.ending():
                result = await decided.plan.act()
            await self.record.note("done", result=result)
        logger.info("%s: confirmed by %s", self.operation, decided.by)
        return Guarded(status="done", confirmed_by=decided.by, preview=_recap(decided), result=result)

    async def _rehearse(self, plan: Plan[T]) -> Guarded[T]:
        await self.record.note("dry run")
        self.reads.begin()
        return await rehearsed(plan, await prospect_of(self.ctx, self.app, self.operation, plan))

    async def _require_within_ceilings(self, plan: Plan[T]) -> None:
        if reason := await over_a_ceiling(self.app, plan.load):
            raise ToolError(f"Not done: the operator's policy forbids it: {reason}.")

    async def _done_before(self, plan: Plan[T], lapsed: Lapsed) -> Answered[T]:
        """Return what this call did when its confirmation was first used. Raises `lapsed` if nothing is found."""
        if plan.repeated is not None and (result := await plan.repeated(lapsed.issued)):
            return Answered(await self._done_earlier(result))
        raise lapsed

    async def _done_earlier(self, result: T) -> Guarded[T]:
        """The result of an earlier call, which the audit records as told."""
        if not self.dry_run:
            self.record.by = "not needed"
            await self.record.note("done", "an earlier call did it", result)
        return Guarded(status="done", confirmed_by="not needed", result=result)

    def _act(self, preview: Preview) -> Act:
        return Act(
            self.operation, {"sha256": self.record.arguments_sha256}, preview.shown, self.record.caller
        )


@contextmanager
def _keeping(preview: Preview | None) -> Generator[None, None, None]:
    """Let a refusal end with what was to be confirmed: often only the person has seen it."""
    try:
        yield
    except ToolError as error:
        if preview is None:
            raise
        raise ToolError(f"{error}\n\nThe preview of this call was:\n{preview.recap}") from error


def _recap(decided: Decided[Any]) -> str | None:
    """The preview, to be repeated if the model has not seen it yet."""
    preview = decided.plan.preview
    return preview.recap if preview and decided.by in ("person", "policy") else None


@asynccontextmanager
async def _turn_to_spend(app: App, plan: Plan[Any]) -> AsyncGenerator[None, None]:
    """Under a ceiling for the day, let starts pass one at a time, each counting the cost of those before it."""
    if plan.load is None or app.policy.max_vuh_per_day is None:
        yield
        return
    async with app.ledger.turn():
        yield
