"""The rights of a caller: the scopes, the stacks and the rules that came with its token and its request."""

from collections.abc import Iterable, MutableMapping
from functools import reduce
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from pydantic import Field

from k6_cloud.auth import Credentials
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.toolsets import SCOPES, Scope

# The SDK wants the text of the token in its model. Nobody needs it again, so it is not kept.
_NOT_KEPT = ""
_KEY = "k6_cloud_mcp.grant"


class Grant(AccessToken):
    """A verified token, without its text. `client_id` and `subject` identify the caller.

    `stacks` are the profiles it may use (None: all); each of `rules` tightens the policy; `own` are the caller's own
    credentials for Grafana, which came with the request. `is_local` marks the user of this machine, who need not identify.
    """

    token: str = Field(default=_NOT_KEPT, repr=False)
    stacks: frozenset[str] | None = None
    rules: tuple[Policy, ...] = ()
    own: Credentials | None = Field(default=None, repr=False)
    is_local: bool = False

    def may(self, scope: Scope) -> bool:
        """Whether it has a scope. No scope implies another."""
        return scope in self.scopes

    def tighten(self, policy: Policy) -> Policy:
        """The policy for this caller's request."""
        return reduce(Policy.tightened_by, self.rules, policy)


# On stdio, and on loopback where nobody has to identify.
LOCAL = Grant(client_id="local", scopes=[*SCOPES], is_local=True)


def carry(scope: MutableMapping[str, Any], grant: Grant) -> None:
    """Let an HTTP request carry the rights of its caller."""
    scope[_KEY] = grant


def grant_of(request: Any) -> Grant:
    """The rights of the caller of a request, as the SDK hands it on (on stdio: None)."""
    carried = getattr(request, "scope", {}).get(_KEY)
    if isinstance(carried, Grant):
        return carried
    token = get_access_token()
    if token is None or isinstance(token, Grant):
        return token or LOCAL
    # A token that is not ours allows nothing beyond its scopes.
    return Grant(client_id=token.client_id, subject=token.subject, scopes=token.scopes, stacks=frozenset())


def known_scopes(names: Iterable[str]) -> list[str]:
    """The scopes of this server among `names`."""
    wanted = {*names}
    return [scope for scope in SCOPES if scope in wanted]
