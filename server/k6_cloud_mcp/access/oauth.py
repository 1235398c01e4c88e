"""OAuth 2.1 resource server: access tokens that are JWTs of one issuer, made for this server."""

import logging
from collections.abc import Mapping
from typing import Any, cast

import jwt

from k6_cloud_mcp.access.grant import Grant, known_scopes
from k6_cloud_mcp.access.jwks import ALGORITHMS, SigningKeys

logger = logging.getLogger(__name__)
_LEEWAY_SECONDS = 30
_LONGEST = 16 * 1024
_REQUIRED = ["exp", "iss", "aud", "sub"]


class JwtVerifier:
    """Verifies tokens of `issuer` for `audience` (the address of this server) with the issuer's keys."""

    def __init__(self, issuer: str, audience: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._audience = audience
        self.keys = keys

    async def verify(self, token: str) -> Grant | None:
        """Return the grant of a token; None if it is not valid. Raises KeysUnavailable."""
        if len(token) > _LONGEST:
            return None
        try:
            return self._grant(await self._claims(token))
        except jwt.PyJWTError as error:
            # Only the kind: a message can quote what the token says.
            logger.info("A JWT was refused: %s", type(error).__name__)
            return None

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self.keys.find(key_id if isinstance(key_id, str) else None, algorithm)
        if key is None:
            raise jwt.InvalidKeyError
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )

    def _grant(self, claims: Mapping[str, Any]) -> Grant:
        return Grant(
            client_id=str(claims.get("client_id") or claims.get("azp") or ""),
            subject=str(claims["sub"]),
            scopes=known_scopes(_scopes(claims)),
            # The SDK looks once more, and without our leeway.
            expires_at=int(claims["exp"]) + _LEEWAY_SECONDS,
            resource=self._audience,
            claims={"iss": self._issuer},
        )


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """The scopes in a token: a text with blanks between them, or a list."""
    value = claims.get("scope", claims.get("scp", ""))
    if isinstance(value, list):
        return [str(name) for name in cast(list[Any], value)]
    return str(value).split()
