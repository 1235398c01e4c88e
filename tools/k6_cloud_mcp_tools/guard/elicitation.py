"""Asking a person to confirm: the two forms, the question in each protocol era, and the answers that count.

Before 2026-07-28 the server sends a question in the middle of a call and waits for its answer. Since then the
question is the result, and the answer comes with the next call, under a sealed state that serves once.
"""

import json
from typing import Any, Literal

import anyio
from mcp.server.apps import client_supports_apps
from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, ElicitResult
from pydantic import BaseModel, Field, ValidationError

from k6_cloud_mcp_tools.context import Call
from k6_cloud_mcp_tools.guard.plan import Preview
from k6_cloud_mcp_tools.guard.typed_names import folded

ASKS_IN_RESULT = "2026-07-28"
# Under this name the server's codec puts into an opened state what tells it from every other.
STATE_ID = "id"
_DECLINED = (
    "Not done: the confirmation was declined in the client. Some clients decline by themselves where nobody can be "
    "asked: ask the user before trying again."
)
_CLOSED = (
    "Not done: the confirmation was closed without an answer. Some clients do this by themselves when they cannot "
    "show it, so do not take it as the user's refusal: ask the user."
)
_BAD_FORM = "Not done: the confirmation form came back empty or not as asked, so it does not count as a yes."
_UNANSWERED = (
    "Not done: nobody answered the confirmation in time. Do not take it as the user's refusal: the client may be "
    "unable to show it. Call again to confirm it another way, where this server allows one."
)
_ANSWERED_WITH_ERROR = (
    "Not done: this client answered the confirmation with an error ({code}), so nobody was asked. Call again to confirm "
    "it another way, where this server allows one."
)


class TypedName(BaseModel):
    """Type the name to confirm. This cannot be undone."""

    name: str = Field(title="Name", description="Type the exact name to confirm.")


class Choice(BaseModel):
    """Choose whether to go ahead. An empty form does not count as a yes."""

    decision: Literal["go ahead", "stop"] = Field(
        title="Decision", description="Choose to go ahead or to stop."
    )


class Unreachable(ToolError):
    """The question reached nobody. `why` is what to remember of the client."""

    why: str


class Unanswered(Unreachable):
    """The client left the question open for too long."""

    why = "this client left an earlier question unanswered"

    def __init__(self) -> None:
        super().__init__(_UNANSWERED)


class AnsweredWithError(Unreachable):
    """The client answered the question with an error of the protocol."""

    why = "this client answered an earlier question with an error"

    def __init__(self, code: int) -> None:
        super().__init__(_ANSWERED_WITH_ERROR.format(code=code))


def asks_in_result(ctx: Call) -> bool:
    """Whether questions travel in results (2026-07-28 and later) instead of as requests of their own."""
    return (ctx.protocol_version or "") >= ASKS_IN_RESULT


def can_elicit(ctx: Call) -> bool:
    """Whether the client says that it can be asked (it declared forms), and the question can reach it."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return asks_in_result(ctx) or ctx.session.can_send_request


def form_for(preview: Preview) -> type[BaseModel]:
    """The form that goes with a preview."""
    return TypedName if preview.typed_name else Choice


async def ask(ctx: Call, preview: Preview, seconds: float) -> None:
    """Ask the person in the middle of the call, as it is done before 2026-07-28.

    Raises ToolError unless they say yes, and Unreachable if the question reaches nobody within `seconds`.
    """
    answer: ElicitationResult[BaseModel] | None = None
    with anyio.move_on_after(seconds):
        try:
            answer = await ctx.elicit(preview.shown, form_for(preview))
        except ValueError as error:
            raise ToolError(_BAD_FORM) from error
        except MCPError as error:
            if error.code in (CONNECTION_CLOSED, REQUEST_TIMEOUT):
                raise
            raise AnsweredWithError(error.code) from error
    if answer is None:
        raise Unanswered
    require_yes(answer, preview)


def require_readable(ctx: Call, preview: Preview) -> None:
    """Raise ToolError if a form came back with this call that is not the one that was asked for."""
    for response in (ctx.input_responses or {}).values():
        if not isinstance(response, ElicitResult):
            raise ToolError(_BAD_FORM)
        if response.action == "accept":
            try:
                form_for(preview).model_validate(response.content)
            except ValidationError as error:
                raise ToolError(_BAD_FORM) from error


def state_id(ctx: Call) -> str | None:
    """The id of the sealed state that an answer came with: each question has another one."""
    state: dict[str, Any] = json.loads(ctx.request_state or "{}")
    return state.get(STATE_ID)


def require_yes(outcome: ElicitationResult[Any], preview: Preview) -> None:
    """Raise ToolError unless the outcome of the question for `preview` is a yes."""
    if isinstance(outcome, DeclinedElicitation):
        raise ToolError(_DECLINED)
    if not isinstance(outcome, AcceptedElicitation):
        raise ToolError(_CLOSED)
    answer = outcome.data
    if preview.typed_name:
        if not isinstance(answer, TypedName) or folded(answer.name) != folded(preview.typed_name):
            raise ToolError("Not done: the name that was typed is not the name of what would be deleted.")
    elif not isinstance(answer, Choice) or answer.decision != "go ahead":
        raise ToolError("Not done: the user chose to stop.")


def next_step(ctx: Call, tool: str, why: str) -> str:
    """The next step after a preview with a token; `why` says why nobody was asked by a form."""
    again = f"call {tool} again with the same arguments and this confirmation_token (valid 10 minutes, once)."
    if client_supports_apps(ctx):
        return (
            "Nothing was done yet. The user sees this preview in a card and decides there: tell them so, and wait for "
            f"what they decide. Only if they say that they see no card, and they agree, {again}"
        )
    return f"Nothing was done yet, and nobody was asked ({why}). Show the user this preview; if they agree, {again}"
