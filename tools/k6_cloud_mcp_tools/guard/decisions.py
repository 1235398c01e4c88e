"""Which rung of the guard decides a call: the operator's policy, a person, or a one-time token."""

from dataclasses import dataclass
from typing import Literal

from k6_cloud_mcp_tools.context import App, Call, app_of
from k6_cloud_mcp_tools.guard.callers import client_of, whence
from k6_cloud_mcp_tools.guard.known_clients import known_host
from k6_cloud_mcp_tools.guard.policy import Policy

_ASKS_IN_RESULT = "2026-07-28"


class NoRung(Exception):
    """Nothing may decide this call; the message says why and what would."""


@dataclass(frozen=True)
class Rung:
    """Who decides, and why it is not the person where it is not."""

    by: Literal["policy", "person", "token"]
    why: str = ""


def asks_in_result(ctx: Call) -> bool:
    """Whether questions travel in results (2026-07-28 and later) instead of as requests of their own."""
    return (ctx.protocol_version or "") >= _ASKS_IN_RESULT


def can_elicit(ctx: Call) -> bool:
    """Whether the client says that it can be asked (it declared forms), and the question can reach it."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return asks_in_result(ctx) or ctx.session.can_send_request


def choose_rung(
    policy: Policy, operation: str, *, client: str | None, askable: bool, silent: bool = False
) -> Rung:
    """Who decides a call of `operation`. A `silent` client left an earlier question open. Raises NoRung."""
    if operation in policy.allow and policy.confirm in ("auto", "policy"):
        return Rung("policy")
    if policy.confirm == "policy":
        raise NoRung(
            f"the operator's policy does not allow {operation}, and lets nobody confirm it. Ask the operator to add it "
            "to K6_MCP_ALLOW."
        )
    if policy.confirm == "two_step":
        return Rung("token", "the operator set two steps")
    if policy.confirm == "ask":
        return _only_a_person(policy, operation, askable)
    why = _why_not_the_person(client, askable, silent)
    return Rung("token", why) if why else Rung("person")


def rung_of(ctx: Call, app: App, operation: str) -> Rung:
    """Who decides a call of `operation` in this request. Raises NoRung."""
    silent = whence(ctx) in app.silent
    return choose_rung(app.policy, operation, client=client_of(ctx), askable=can_elicit(ctx), silent=silent)


def remember_silence(ctx: Call) -> None:
    """This client left a question open: it is not asked again while this server runs."""
    app_of(ctx).silent.add(whence(ctx))


def _only_a_person(policy: Policy, operation: str, askable: bool) -> Rung:
    if policy.only is not None and operation not in policy.only:
        raise NoRung(f"the operator's policy does not allow {operation}.")
    if askable:
        return Rung("person")
    raise NoRung(
        "this server only lets a person confirm, and this client cannot ask one. Use a client that supports "
        "elicitation, or have the operator set K6_MCP_CONFIRM."
    )


def _why_not_the_person(client: str | None, askable: bool, silent: bool) -> str:
    """Why the person is better not asked; empty when they can be."""
    if not askable:
        return "this client cannot be asked"
    host = known_host(client)
    if host is not None and not host.is_reliable:
        return f"{host.title} {host.behaviour} instead of showing a question"
    if silent:
        return "this client left an earlier question unanswered"
    return ""
