"""The caller of a tool, and its client."""

from urllib.parse import quote

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, principal_components

from k6_cloud_mcp_tools.context import Call

_LONGEST = 80


def caller() -> str:
    """Return the caller, as far as the transport knows: a token's client and subject, else the one local user."""
    token = get_access_token()
    return name_of(token) if token else "local"


def name_of(token: AccessToken) -> str:
    """`client/subject`, and `/issuer` where there is one: two principals never have the same name."""
    client, issuer, subject = principal_components(token)
    parts = (client, subject or "", *([issuer] if issuer else []))
    return "/".join(quote(part, safe=":@ ") for part in parts)


def client_of(ctx: Call) -> str | None:
    """The client's own name and version; it may claim any."""
    parameters = ctx.session.client_params
    if parameters is None:
        return None
    name = f"{parameters.client_info.name} {parameters.client_info.version}"
    return "".join(character for character in name if character.isprintable())[:_LONGEST].strip()


def caller_and_client(ctx: Call) -> str:
    """Caller and client in one."""
    return f"{caller()} {client_of(ctx)}"
