"""The keys of an OAuth issuer: fetched when needed, kept through an outage, renewed when one is unknown."""

import json
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import anyio
import httpx
import jwt
import truststore

from k6_cloud.config.addresses import safe_address
from k6_cloud.config.proxies import proxy_for

logger = logging.getLogger(__name__)
# Never `none`, and never HS*: with those a public key would do for a secret.
ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
_FRESH = 600.0
_KEPT = 24 * 3600.0
_BETWEEN_FETCHES = 60.0
_LARGEST = 512 * 1024
FetchJson = Callable[[str], Awaitable[Any]]


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had now, so no token can be checked. Tells no secret."""


class NoKeys(ValueError):
    """A document that is no set of keys."""


class SigningKeys:
    """The public keys behind `jwks_url`, or behind the metadata of `issuer` where no address is given.

    They are fetched again after ten minutes, or for an unknown key id, at most once a minute. While the issuer
    cannot be reached, the last ones serve for a day.
    """

    def __init__(
        self, issuer: str, jwks_url: str | None, fetch: FetchJson, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._fetch = fetch
        self._now = now
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = anyio.Lock()
        self.problem: str | None = None

    async def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id for this algorithm; None where the issuer has none. Raises KeysUnavailable."""
        is_kept = key_id in self._keys and self._age() <= _KEPT
        # While somebody else asks the issuer, a key that is known need not wait.
        if (self._age() > _FRESH or key_id not in self._keys) and not (is_kept and self._fetching.locked()):
            await self._renew(key_id)
        if self._age() > _KEPT:
            raise KeysUnavailable(self.problem or "The issuer's keys were not read yet.")
        key = self._keys.get(key_id)
        return key if key is not None and key.algorithm_name == algorithm else None

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._now() - self._read_at

    async def _renew(self, key_id: str | None) -> None:
        async with self._fetching:
            is_known = key_id in self._keys and self._age() <= _FRESH
            if is_known or (self._tried_at is not None and self._now() - self._tried_at < _BETWEEN_FETCHES):
                return
            self._tried_at = self._now()
            try:
                self._keys = usable_keys(await self._fetch(await self._address()))
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeysUnavailable) as error:
                self.problem = f"The keys of {self._issuer} cannot be read: {_words(error)}."
                logger.error("%s", self.problem)
                return
            self._read_at, self.problem = self._now(), None

    async def _address(self) -> str:
        """Return the address of the keys. Raises KeysUnavailable for metadata that is not the issuer's own."""
        if self._jwks_url is None:
            self._jwks_url = await self._discovered()
        return self._jwks_url

    async def _discovered(self) -> str:
        for address in _metadata_addresses(self._issuer):
            try:
                metadata = await self._fetch(address)
            except httpx.HTTPStatusError:
                continue
            if not isinstance(metadata, dict):
                continue
            fields = cast(dict[str, Any], metadata)
            # Else another issuer's metadata, and with it its keys, could pass for this one's.
            if fields.get("issuer") != self._issuer:
                raise KeysUnavailable("its metadata names another issuer")
            return safe_address(str(fields.get("jwks_uri", "")))
        raise KeysUnavailable("it publishes no metadata; set K6_MCP_OAUTH_JWKS_URL")


async def fetch_json(url: str) -> Any:
    """The JSON document at `url`. Raises httpx.HTTPError, or ValueError for one that is none or too large."""
    async with (
        httpx.AsyncClient(
            timeout=5.0,
            follow_redirects=False,
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
            proxy=proxy_for(url),
        ) as http,
        http.stream("GET", url, headers={"Accept": "application/json"}) as response,
    ):
        response.raise_for_status()
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _LARGEST:
                raise ValueError("the document is too large")
    return json.loads(body)


def usable_keys(document: Any) -> dict[str | None, jwt.PyJWK]:
    """The keys of a JWKS that sign with an algorithm we take, by id. A single one also serves without an id."""
    listed = cast(dict[str, Any], document).get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise NoKeys("it is not a set of keys")
    keys: dict[str | None, jwt.PyJWK] = {}
    for entry in cast(list[Any], listed):
        if (key := _key(entry)) is not None:
            keys[key.key_id] = key
    if len(keys) == 1:
        keys[None] = next(iter(keys.values()))
    return keys


def _key(entry: Any) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or cast(dict[str, Any], entry).get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(cast(dict[str, Any], entry))
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if key.algorithm_name in ALGORITHMS else None


def _metadata_addresses(issuer: str) -> tuple[str, ...]:
    """The addresses at which RFC 8414 and OpenID Connect put the metadata of an issuer."""
    url = httpx.URL(issuer)
    path = url.path.rstrip("/")
    oauth = url.copy_with(path=f"/.well-known/oauth-authorization-server{path}")
    return str(oauth), issuer.rstrip("/") + "/.well-known/openid-configuration"


def _words(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
