"""The decision about a guarded call: by the operator's policy, a person, or a one-time token."""

from dataclasses import dataclass
from typing import Literal

from k6_cloud_mcp_tools.context import App, Call
from k6_cloud_mcp_tools.guard.callers import caller_and_client, client_of
from k6_cloud_mcp_tools.guard.elicitation import can_elicit
from k6_cloud_mcp_tools.guard.known_clients import known_host
from k6_cloud_mcp_tools.guard.policy import Policy


class NoDecision(Exception):
    """Nobody may decide this call; the message says why and what would help."""


@dataclass(frozen=True)
class Decision:
    """The one who decides, and the reason if that is not the person."""

    by: Literal["policy", "person", "token"]
    why: str = ""


def decision_for(
    policy: Policy, operation: str, *, client: str | None, askable: bool, unreachable: str = ""
) -> Decision:
    """Choose who decides a call of `operation`. `unreachable` says why the client is not asked again. Raises NoDecision."""
    if operation in policy.allow and policy.confirm in ("auto", "policy"):
        return Decision("policy")
    if policy.confirm == "policy":
        raise NoDecision(
            f"the operator's policy does not allow {operation}, and lets nobody confirm it. Ask the operator to add it "
            "to K6_MCP_ALLOW."
        )
    if policy.confirm == "two_step":
        return Decision("token", "the operator set two steps")
    if policy.confirm == "ask":
        return _only_a_person(policy, operation, askable)
    why = _why_not_the_person(client, askable, unreachable)
    return Decision("token", why) if why else Decision("person")


def decision_of(ctx: Call, app: App, operation: str) -> Decision:
    """Choose who decides a call of `operation` in this request. Raises NoDecision."""
    unreachable = app.unreachable.get(caller_and_client(ctx), "")
    return decision_for(
        app.policy, operation, client=client_of(ctx), askable=can_elicit(ctx), unreachable=unreachable
    )


def _only_a_person(policy: Policy, operation: str, askable: bool) -> Decision:
    if policy.only is not None and operation not in policy.only:
        raise NoDecision(f"the operator's policy does not allow {operation}.")
    if askable:
        return Decision("person")
    raise NoDecision(
        "this server only lets a person confirm, and this client cannot ask one. Use a client that supports "
        "elicitation, or have the operator set K6_MCP_CONFIRM."
    )


def _why_not_the_person(client: str | None, askable: bool, unreachable: str) -> str:
    """Explain why the person is not asked; empty if they can be."""
    if not askable:
        return "this client cannot be asked"
    host = known_host(client)
    if host is not None and not host.is_reliable:
        return f"{host.title} {host.behaviour} instead of showing a question"
    return unreachable
