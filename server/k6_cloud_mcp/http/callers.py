"""Who sent a request, as far as limits need to know."""

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.types import Scope


def caller_of(scope: Scope) -> str:
    """A name for the caller: that of its token, else its address."""
    user = scope.get("user")
    if isinstance(user, AuthenticatedUser):
        token = user.access_token
        return f"token {token.client_id} {token.subject or ''}"
    address, _ = scope.get("client") or ("unknown", 0)
    return f"address {address}"
