"""Grafana credentials that come with a request, in `X-K6-…` headers."""

from hashlib import sha256

from starlette.datastructures import Headers

from k6_cloud.auth import Credentials
from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.config.settings import CallerCredentials
from k6_cloud_mcp_tools.toolsets import SCOPES

TOKEN, STACK_ID, STACK_URL = "x-k6-token", "x-k6-stack-id", "x-k6-stack-url"
_ALL = (TOKEN, STACK_ID, STACK_URL)
_LONGEST = 4096


class BadCredentials(ValueError):
    """Credentials that cannot be used; the message quotes none of them."""


def own_credentials(headers: Headers, mode: CallerCredentials) -> Credentials | None:
    """The credentials of a call; None without any. Raises BadCredentials, also where the settings want or forbid them."""
    given = {name: headers.getlist(name) for name in _ALL if name in headers}
    if not given:
        if mode == "required":
            raise BadCredentials(
                "This server works with the caller's own credentials: send X-K6-Token, and X-K6-Stack-Id or "
                "X-K6-Stack-Url."
            )
        return None
    if mode == "off":
        raise BadCredentials(
            "This server takes no X-K6-… credentials (the operator may set K6_MCP_CALLER_CREDENTIALS)."
        )
    return _credentials(given)


def _credentials(given: dict[str, list[str]]) -> Credentials:
    for name, values in given.items():
        if len(values) > 1 or not 0 < len(values[0].strip()) <= _LONGEST or not values[0].isprintable():
            raise BadCredentials(f"{name} has to be one readable value.")
    if TOKEN not in given or len(given) == 1:
        raise BadCredentials("X-K6-Token and X-K6-Stack-Id (or X-K6-Stack-Url) belong together.")
    try:
        stack_url = given[STACK_URL][0].strip() if STACK_URL in given else None
        return Credentials(given[TOKEN][0], _stack_id(given), stack_url)
    except ValueError as error:
        raise BadCredentials(str(error)) from error


def with_own(grant: Grant, own: Credentials) -> Grant:
    """The grant of a caller that brought credentials along. Raises BadCredentials if it names its stack already.

    Two callers with other credentials are two principals: neither may use what was made for the other.
    """
    if grant.is_local:
        return Grant(client_id="k6-token", subject=fingerprint(own), scopes=[*SCOPES], own=own)
    if grant.stacks is not None:
        raise BadCredentials("Your token is for stacks of this server: leave the X-K6-… headers out.")
    subject = f"{grant.subject or ''} k6-token:{fingerprint(own)}"
    return grant.model_copy(update={"own": own, "subject": subject})


def fingerprint(credentials: Credentials) -> str:
    """A digest that tells credentials apart and cannot be turned back into them."""
    parts = (credentials.token.strip(), credentials.stack_id, credentials.stack_url)
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _stack_id(given: dict[str, list[str]]) -> int | None:
    if STACK_ID not in given:
        return None
    text = given[STACK_ID][0].strip()
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**63):
        raise BadCredentials("X-K6-Stack-Id has to be a positive number.")
    return int(text)
