"""Authentication of HTTP requests: identifies the caller by its bearer token."""

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from k6_cloud_mcp.access.grant import LOCAL, Grant
from k6_cloud_mcp.access.jwks import KeysUnavailable
from k6_cloud_mcp.access.refusals import Refused, refused
from k6_cloud_mcp.access.verifier import Verifier
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp_tools.toolsets import SCOPES

# Probes and clients without a token have to read them, and they tell nothing.
OPEN_PATHS = ("/healthz", "/readyz")
_WELL_KNOWN = "/.well-known/"
_RETRY_SECONDS = "30"


class Authentication:
    """Knows callers by `verifier`; without any way to identify, every caller is the user of this machine."""

    def __init__(self, verifier: Verifier, settings: Settings) -> None:
        self.is_needed = verifier.is_needed
        self._oauth = _oauth(settings)
        self._resource = self._oauth.resource_server_url if self._oauth else None
        self._bearer = BearerAuthBackend(verifier, resource_server_url=self._resource)

    async def grant(self, request: HTTPConnection) -> Grant:
        """The rights of the caller. Raises Refused for a caller that is not known, or may do nothing here."""
        if not self.is_needed:
            return LOCAL
        grant = await self._identified(request)
        if grant is None:
            raise self._unauthorized(request)
        if not any(scope in grant.scopes for scope in SCOPES):
            raise self._forbidden()
        return grant

    def publish(self, app: Starlette) -> None:
        """Serve the metadata by which clients find the issuer."""
        if self._resource and self._oauth:
            issuers = [self._oauth.issuer_url]
            app.routes.extend(
                create_protected_resource_routes(self._resource, issuers, [*SCOPES], "Grafana Cloud k6")
            )

    async def _identified(self, request: HTTPConnection) -> Grant | None:
        if len(request.headers.getlist("authorization")) > 1:
            return None
        try:
            found = await self._bearer.authenticate(request)
        except KeysUnavailable as error:
            words = "Tokens cannot be checked now: the issuer's keys cannot be read. Try again."
            retry = {"Retry-After": _RETRY_SECONDS}
            raise refused(503, "temporarily_unavailable", words, retry) from error
        token = found[1].access_token if found else None
        return token if isinstance(token, Grant) else None

    def _unauthorized(self, request: HTTPConnection) -> Refused:
        # RFC 6750: a request without a token is told no error, only how to authenticate.
        error = {"error": "invalid_token"} if "authorization" in request.headers else {}
        words = "Send a token of this server as Authorization: Bearer …."
        return refused(401, "unauthorized", words, self._challenge(**error))

    def _forbidden(self) -> Refused:
        words = f"The token has none of the scopes {', '.join(SCOPES)}."
        challenge = self._challenge(error="insufficient_scope", scope=" ".join(SCOPES))
        return refused(403, "insufficient_scope", words, challenge)

    def _challenge(self, **parameters: str) -> dict[str, str]:
        if self._resource:
            parameters["resource_metadata"] = str(build_resource_metadata_url(self._resource))
        listed = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        return {"WWW-Authenticate": f"Bearer {listed}".rstrip()}


def is_open(path: str) -> bool:
    """Whether a path is served to everybody: probes, and metadata, of which only what exists is found."""
    return path in OPEN_PATHS or path.startswith(_WELL_KNOWN)


def user_of(grant: Grant) -> AuthenticatedUser | None:
    """The caller as the SDK knows it; None for the user of this machine."""
    return None if grant.is_local else AuthenticatedUser(grant)


def _oauth(settings: Settings) -> AuthSettings | None:
    if not (settings.oauth_issuer and settings.oauth_audience):
        return None
    addresses = {"issuer_url": settings.oauth_issuer, "resource_server_url": settings.oauth_audience}
    return AuthSettings.model_validate({**addresses, "validate_token_resource": True})
