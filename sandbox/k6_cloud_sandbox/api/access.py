"""Authentication: a bearer token, and the id of the sandbox's one stack."""

import secrets
from typing import Annotated

from fastapi import Depends, Header
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from k6_cloud_sandbox.api.backend import BackendOf
from k6_cloud_sandbox.errors import InvalidToken, PermissionDenied
from k6_cloud_sandbox.settings import STACK_ID

_bearer = HTTPBearer(auto_error=False)


def require_token(
    backend: BackendOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """Accept the sandbox's token, or any within the process. Raises InvalidToken."""
    given = credentials.credentials if credentials else ""
    accepted = given != "" if backend.token is None else _equal(given, backend.token)
    if not accepted:
        raise InvalidToken(
            "Invalid token or authentication scheme. `k6-cloud-mcp sandbox` prints the token when it starts."
        )


def require_stack(
    x_stack_id: Annotated[int, Header(alias="X-Stack-Id")], _: Annotated[None, Depends(require_token)]
) -> None:
    """Accept the sandbox's own stack. Raises PermissionDenied for another."""
    if x_stack_id != STACK_ID:
        raise PermissionDenied(
            f"The token has no access to stack {x_stack_id}; the sandbox is stack {STACK_ID}."
        )


def _equal(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
