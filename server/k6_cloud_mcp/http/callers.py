"""Who sent a request, as far as limits need to know."""

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.types import Scope

from k6_cloud_mcp_tools.guard.callers import name_of


def caller_of(scope: Scope) -> str:
    """A name for the caller: that of its token, else its address."""
    user = scope.get("user")
    if isinstance(user, AuthenticatedUser):
        return f"token {name_of(user.access_token)}"
    address, _ = scope.get("client") or ("unknown", 0)
    return f"address {address}"
