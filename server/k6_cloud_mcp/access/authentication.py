"""The door of the HTTP transport: who gets in, and as whom."""

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from k6_cloud_mcp.access.caller_credentials import TakeOwnCredentials
from k6_cloud_mcp.access.jwks import KeysUnavailable
from k6_cloud_mcp.access.verifier import Verifier
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp_tools.toolsets import SCOPES

# What probes and clients without a token have to read, and what tells nothing.
OPEN_PATHS = ("/healthz", "/readyz")
_METADATA = "/.well-known/oauth-protected-resource"
_RETRY_SECONDS = "30"


def hang_door(app: Starlette, settings: Settings, verifier: Verifier) -> None:
    """Let only those into `app` whom `verifier` knows, and take their own credentials where settings say so."""
    oauth = _oauth(settings)
    # What is added last stands outermost: first the token, then the credentials, then who it is for the SDK.
    app.add_middleware(AuthContextMiddleware)
    app.add_middleware(TakeOwnCredentials, mode=settings.caller_credentials)
    if not verifier.is_needed:
        return
    app.add_middleware(RequireToken, metadata_url=_metadata_url(oauth))
    app.add_middleware(
        AuthenticationMiddleware,
        backend=_Backend(verifier, oauth.resource_server_url if oauth else None),
        on_error=_cannot_be_checked,
    )
    if oauth is not None and oauth.resource_server_url:
        app.routes.extend(
            create_protected_resource_routes(
                oauth.resource_server_url, [oauth.issuer_url], [*SCOPES], "Grafana Cloud k6"
            )
        )


def _oauth(settings: Settings) -> AuthSettings | None:
    if not (settings.oauth_issuer and settings.oauth_audience):
        return None
    return AuthSettings.model_validate(
        {
            "issuer_url": settings.oauth_issuer,
            "resource_server_url": settings.oauth_audience,
            "validate_token_resource": True,
        }
    )


def _metadata_url(oauth: AuthSettings | None) -> str | None:
    if oauth is None or oauth.resource_server_url is None:
        return None
    return str(build_resource_metadata_url(oauth.resource_server_url))


class _Backend(AuthenticationBackend):
    """The SDK's check of a bearer token, for a verifier that may have nothing to check it with."""

    def __init__(self, verifier: Verifier, resource: AnyHttpUrl | None) -> None:
        self._bearer = BearerAuthBackend(verifier, resource_server_url=resource)

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, AuthenticatedUser] | None:
        """Who sent the request; None for nobody we know."""
        if _is_open(conn.scope["path"]) or len(conn.headers.getlist("authorization")) > 1:
            return None
        try:
            return await self._bearer.authenticate(conn)
        except KeysUnavailable as error:
            raise AuthenticationError("keys unavailable") from error


class RequireToken:
    """ASGI middleware that turns away whoever has no good token (401), or one for nothing here (403)."""

    def __init__(self, app: ASGIApp, metadata_url: str | None) -> None:
        self._app = app
        self._metadata_url = metadata_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        user = scope.get("user")
        if not isinstance(user, AuthenticatedUser):
            return self._unauthorized(scope)
        return None if may_do_anything(user.access_token) else self._forbidden()

    def _unauthorized(self, scope: Scope) -> Response:
        # RFC 6750: who sent no token at all is told no error, only how to ask.
        has_one = any(name == b"authorization" for name, _ in scope["headers"])
        error = {"error": "invalid_token"} if has_one else {}
        return self._answer(
            401, "unauthorized", "Send a token of this server as Authorization: Bearer ….", **error
        )

    def _forbidden(self) -> Response:
        words = f"The token has none of the scopes {', '.join(SCOPES)}."
        return self._answer(
            403, "insufficient_scope", words, error="insufficient_scope", scope=" ".join(SCOPES)
        )

    def _answer(self, status: int, code: str, words: str, **challenge: str) -> Response:
        if self._metadata_url:
            challenge["resource_metadata"] = self._metadata_url
        parameters = ", ".join(f'{name}="{value}"' for name, value in challenge.items())
        header = {"WWW-Authenticate": f"Bearer {parameters}".rstrip()}
        return JSONResponse({"error": code, "error_description": words}, status, header)


def may_do_anything(token: AccessToken) -> bool:
    """Whether a token has any scope of this server."""
    return any(scope in token.scopes for scope in SCOPES)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path == _METADATA or path.startswith(f"{_METADATA}/")


def _cannot_be_checked(_: HTTPConnection, __: AuthenticationError) -> Response:
    words = "Tokens cannot be checked now: the issuer's keys cannot be read. Try again."
    return JSONResponse(
        {"error": "temporarily_unavailable", "error_description": words}, 503, {"Retry-After": _RETRY_SECONDS}
    )
