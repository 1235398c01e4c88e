"""Calls made as somebody: what the SDK's own bearer middleware tells a server about a request."""

from collections.abc import Generator
from contextlib import contextmanager

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from k6_cloud_mcp_tools.toolsets import SCOPES

_SCOPES = ["k6:read", "k6:write", "k6:run"]


@contextmanager
def acting_as(subject: str) -> Generator[None, None, None]:
    """Servers that are connected to in the block see this caller."""
    user = AuthenticatedUser(
        AccessToken(token=f"token of {subject}", client_id="app", scopes=[*SCOPES], subject=subject)
    )
    before = auth_context_var.set(user)
    try:
        yield
    finally:
        auth_context_var.reset(before)
