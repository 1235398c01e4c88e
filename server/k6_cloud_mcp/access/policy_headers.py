"""Rules in the `X-K6-MCP-…` headers of an HTTP request: they tighten the policy, never loosen it."""

from starlette.datastructures import Headers

from k6_cloud_mcp.config.policy_rules import RulesError, tightening
from k6_cloud_mcp_tools.guard.policy import Policy

_PREFIX = "x-k6-mcp-"


def rules_in(headers: Headers) -> Policy | None:
    """The rules of a request; None without any. Raises RulesError for those that cannot be read.

    To ignore one would loosen what was meant.
    """
    given: dict[str, str] = {}
    for header, value in headers.items():
        # A proxy may write `_` for `-`, and any header may be repeated.
        name = header.lower().replace("_", "-")
        if not name.startswith(_PREFIX):
            continue
        rule = name.removeprefix(_PREFIX).replace("-", "_")
        if rule in given:
            raise RulesError(f"{name} was sent twice. Send it once.")
        given[rule] = value
    try:
        return tightening(given) if given else None
    except RulesError as error:
        raise RulesError(f"Rules in {_PREFIX}… headers: {error}") from error
