"""The verifier of tokens: the operator's, a named one, or one of an OAuth issuer."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.access.jwks import SigningKeys, fetch_json
from k6_cloud_mcp.access.named_tokens import NamedToken, digest_of, found, read_tokens
from k6_cloud_mcp.access.oauth import JwtVerifier
from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp_tools.toolsets import SCOPES

_OPERATOR = "http-token"


@dataclass(frozen=True)
class Verifier:
    """Verifies a bearer token in each of the ways that are set up (the SDK's `TokenVerifier`)."""

    operator: str | None = None
    named: Watched[Mapping[str, NamedToken]] | None = None
    oauth: JwtVerifier | None = None
    resource: str | None = None

    @property
    def is_needed(self) -> bool:
        """Whether callers have to identify."""
        return bool(self.operator or self.named or self.oauth)

    async def verify_token(self, token: str) -> Grant | None:
        """Return the grant of a token; None for an unknown one. Raises KeysUnavailable."""
        grant = self._static(token)
        if grant is not None:
            # Made for this server only: as good as the address that OAuth tokens have to name.
            return grant.model_copy(update={"resource": self.resource})
        if self.oauth is not None and token.count(".") == 2:
            return await self.oauth.verify(token)
        return None

    def problems(self) -> list[str]:
        """List the settings that name something broken, for anyone to read; the log has the details."""
        return [
            *(["K6_MCP_TOKENS_FILE"] if self.named and self.named.is_broken() else []),
            *(["K6_MCP_OAUTH_ISSUER"] if self.oauth and self.oauth.keys.problem else []),
        ]

    def _static(self, token: str) -> Grant | None:
        if self.operator and hmac.compare_digest(digest_of(self.operator), digest_of(token)):
            return Grant(client_id=_OPERATOR, scopes=[*SCOPES])
        return found(self.named.current(), token) if self.named else None


def verifier_of(settings: Settings) -> Verifier:
    """The ways to identify that these settings name. Raises SettingsError."""
    return Verifier(
        operator=settings.http_token.get_secret_value() if settings.http_token else None,
        named=_named(settings),
        oauth=_oauth(settings),
        resource=settings.oauth_audience,
    )


def _named(settings: Settings) -> Watched[Mapping[str, NamedToken]] | None:
    if settings.tokens_file is None:
        return None
    try:
        return Watched(settings.tokens_file.expanduser(), read_tokens)
    except BrokenFile as error:
        raise SettingsError(f"K6_MCP_TOKENS_FILE: {error}") from error


def _oauth(settings: Settings) -> JwtVerifier | None:
    issuer, audience = settings.oauth_issuer, settings.oauth_audience
    if issuer is None and audience is None and settings.oauth_jwks_url is None:
        return None
    if issuer is None or audience is None:
        raise SettingsError(
            "OAuth is only half configured: set K6_MCP_OAUTH_ISSUER and K6_MCP_OAUTH_AUDIENCE (the address under which "
            "clients reach this server, such as https://k6.example.com/mcp)."
        )
    return JwtVerifier(issuer, audience, SigningKeys(issuer, settings.oauth_jwks_url, fetch_json))
