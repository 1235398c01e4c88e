"""The guard: a wrapped tool shows what it would really do, and does it only once that is confirmed.

Rung 1 asks the person through form elicitation, wherever the client can really be asked. Rung 2, for
other clients, returns the preview with a one-time token that a second call spends; a model can do that
by itself, so it is a speed bump, not consent. Which rung decided stands in every result.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field

from k6_cloud_mcp_tools.app import Call, app_of
from k6_cloud_mcp_tools.confirmations import Act

logger = logging.getLogger(__name__)
T = TypeVar("T")
_ASKS_IN_RESULT = "2026-07-28"
# The resolver and the tool body run in one task: what the first showed, the second compares.
_shown: ContextVar["Preview | None"] = ContextVar("shown", default=None)


@dataclass(frozen=True)
class Preview:
    """What a call would do. `text` names everything the decision rests on: a confirmation is bound to it.

    With `typed_name` the person has to type that name; without it, to choose to go ahead.
    """

    text: str
    typed_name: str | None = None


class TypedName(BaseModel):
    """Type the name to confirm. This cannot be undone."""

    name: str = Field(title="Name", description="Type the exact name to confirm.")


class Choice(BaseModel):
    """Choose whether to go ahead. An empty form does not count as a yes."""

    decision: Literal["go ahead", "stop"] = Field(
        title="Decision", description="Choose to go ahead or to stop."
    )


@dataclass(frozen=True)
class Granted:
    """No question is open: who decided."""

    by: Literal["token", "not needed"]


@dataclass(frozen=True)
class TokenOffered:
    """The person cannot be asked: the preview and the token for the second call."""

    preview: Preview
    token: str


class Guarded(BaseModel, Generic[T]):
    """The result of a guarded call: done, or what would be done and the token that confirms it."""

    status: Literal["done", "confirmation_required"]
    confirmed_by: Literal["person", "token", "not needed"] | None = None
    preview: str | None = None
    confirmation_token: str | None = None
    next: str | None = None
    result: T | None = None


ConfirmationToken = Annotated[
    str | None, Field(description="Only from an earlier confirmation_required result, after the user agreed.")
]
Previewer = Callable[..., Awaitable[Preview | None]]


def can_elicit(ctx: Call) -> bool:
    """Whether the client really can be asked: it declared forms, and the question can reach it."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return _asks_in_result(ctx) or ctx.session.can_send_request


def _asks_in_result(ctx: Call) -> bool:
    """Whether questions travel in results (2026-07-28 and later) instead of as requests of their own."""
    return (ctx.protocol_version or "") >= _ASKS_IN_RESULT


def guarded(preview: Previewer) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
    """Wrap a tool function so that it runs only once its preview is confirmed.

    `preview(app, **arguments)` fetches live what the call would do. It raises when the call cannot work,
    before anyone is asked, and returns None when there is nothing to confirm.
    """

    def decorate(tool: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        return _GuardedTool(tool, preview).wrapper()

    return decorate


class _GuardedTool:
    """Builds the resolver that asks and the wrapper that acts, with signatures made from the tool's own."""

    def __init__(self, tool: Callable[..., Awaitable[Any]], preview: Previewer) -> None:
        self._tool = tool
        self._preview = preview
        self._signature = inspect.signature(tool, eval_str=True)
        self._arguments = {
            name: _keyword(name, parameter.annotation, parameter.default)
            for name, parameter in self._signature.parameters.items()
            if not _is_injected(parameter.annotation)
        }

    async def ask(self, **call: Any) -> Granted | TokenOffered | Elicit[Any]:
        """Decide how this call is confirmed: by its token, by asking, or by offering a token."""
        ctx: Call = call.pop("ctx")
        token: str | None = call.pop("confirmation_token")
        app = app_of(ctx)
        preview = await self._preview(app, **call)
        _shown.set(preview)
        if preview is None:
            return Granted("not needed")
        act = Act(self._tool.__name__, call, preview.text, _caller())
        if token:
            app.confirmations.spend(token, act)
            return Granted("token")
        if app.confirm != "two_step" and can_elicit(ctx):
            return Elicit(preview.text, TypedName if preview.typed_name else Choice)
        if app.confirm == "ask":
            raise ToolError(
                "Not done: this server only lets a person confirm, and this client cannot ask one. Use a client "
                "that supports elicitation, or have the operator set K6_MCP_CONFIRM."
            )
        return TokenOffered(preview, app.confirmations.issue(act))

    async def act(self, **call: Any) -> Guarded[Any]:
        """Run the tool if the outcome allows it; say what is needed if it does not."""
        ctx: Call = call.pop("ctx")
        outcome = call.pop("confirmation")
        call.pop("confirmation_token")
        decided = _answer(outcome)
        if isinstance(decided, TokenOffered):
            return _offer(self._tool.__name__, decided)
        if not isinstance(decided, Granted):
            await self._check_answer(ctx, outcome, call)
        confirmed_by = decided.by if isinstance(decided, Granted) else "person"
        logger.info("%s: confirmed by %s", self._tool.__name__, confirmed_by)
        result = await self._tool(**call)
        return Guarded(status="done", confirmed_by=confirmed_by, result=result)

    async def _check_answer(self, ctx: Call, outcome: Any, call: dict[str, Any]) -> None:
        """Raise unless the person said yes to what would still happen now."""
        if isinstance(outcome, DeclinedElicitation):
            raise ToolError(
                "Not done: the confirmation was declined in the client. Ask the user before trying again."
            )
        if (answer := _answer(outcome)) is None:
            raise ToolError(
                "Not done: the confirmation was closed without an answer. Some clients do this by themselves when "
                "they cannot show it, so do not take it as the user's refusal: ask the user."
            )
        shown = _shown.get()
        if shown is None or await self._changed(ctx, shown, call):
            raise ToolError(
                "Not done: what was previewed has changed meanwhile. Call again for a new preview."
            )
        _require_yes(answer, shown)

    async def _changed(self, ctx: Call, shown: Preview, call: dict[str, Any]) -> bool:
        """Whether the preview would read otherwise now. Since 2026-07-28 the SDK binds the answer to it."""
        if _asks_in_result(ctx):
            return False
        arguments = {name: value for name, value in call.items() if name in self._arguments}
        return await self._preview(app_of(ctx), **arguments) != shown

    def wrapper(self) -> Callable[..., Awaitable[Any]]:
        """The function to publish: the tool's arguments, a token, and the confirmation filled by `ask`."""
        token = _keyword("confirmation_token", ConfirmationToken, None)
        ctx = _keyword("ctx", Call)

        async def ask(**call: Any) -> Any:
            return await self.ask(**call)

        async def act(**call: Any) -> Any:
            return await self.act(**call)

        _sign(ask, [*self._arguments.values(), token, ctx])
        ask.__qualname__ = f"confirm[{self._tool.__name__}]"
        confirmation = _keyword("confirmation", Annotated[ElicitationResult[BaseModel], Resolve(ask)])
        parameters = [
            _keyword(name, parameter.annotation, parameter.default)
            for name, parameter in self._signature.parameters.items()
        ]
        result = self._signature.return_annotation
        _sign(act, [*parameters, token, ctx, confirmation], Guarded[result])
        act.__name__ = act.__qualname__ = self._tool.__name__
        act.__doc__ = self._tool.__doc__
        return act


def _answer(outcome: Any) -> Any:
    """What the resolver or the person answered; None when there is no answer."""
    return cast(Any, outcome).data if isinstance(outcome, AcceptedElicitation) else None


def _require_yes(answer: Any, preview: Preview) -> None:
    """Raise unless `answer`, to the form that goes with `preview`, is a yes."""
    if isinstance(answer, TypedName) and answer.name.strip() != (preview.typed_name or "").strip():
        raise ToolError("Not done: the name that was typed is not the name of what would be deleted.")
    if isinstance(answer, Choice) and answer.decision != "go ahead":
        raise ToolError("Not done: the user chose to stop.")


def _offer(operation: str, offered: TokenOffered) -> Guarded[Any]:
    return Guarded(
        status="confirmation_required",
        preview=offered.preview.text,
        confirmation_token=offered.token,
        next=(
            f"Nothing was done yet. Show the user this preview; if they agree, call {operation} again with the same "
            "arguments and this confirmation_token (valid 10 minutes, once)."
        ),
    )


def _caller() -> str:
    """Who is calling, as far as the transport knows: a token's subject, else the one local user."""
    token = get_access_token()
    return f"{token.client_id}/{token.subject}" if token else "local"


def _is_injected(annotation: Any) -> bool:
    return any(isinstance(extra, Resolve) for extra in getattr(annotation, "__metadata__", ()))


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _sign(function: Any, parameters: list[inspect.Parameter], result: Any = inspect.Signature.empty) -> None:
    """Give `function` the signature and annotations that the SDK reads schemas and resolvers from."""
    function.__signature__ = inspect.Signature(parameters, return_annotation=result)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {
        "return": result
    }
