"""OAuth: tokens of a small issuer on loopback, good ones and forged ones."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from support.authenticated_server import calling, knock, serving
from support.loopback import listening
from support.servers import text_of

from k6_cloud_mcp.access.jwks import KeysUnavailable, SigningKeys, fetch_json
from k6_cloud_mcp.access.oauth import JwtVerifier

AUDIENCE = "https://k6.example.com/mcp"
RSA = rsa.generate_private_key(65537, 2048)
PRIVATE: dict[str, Any] = {
    "RS256": RSA,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def public_key(algorithm: str, key_id: str, private: Any = None) -> dict[str, Any]:
    maker = jwt.get_algorithm_by_name(algorithm)
    document: Any = maker.to_jwk((private or PRIVATE[algorithm]).public_key())
    return {**json.loads(document), "kid": key_id, "use": "sig"}


@dataclass
class Issuer:
    """Publishes metadata and keys; counts how often the keys were asked for."""

    keys: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    url: str = ""
    says: str = ""
    asked: int = 0
    down: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(Request(scope, receive))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if self.down:
            return Response(status_code=503)
        if request.url.path == "/keys":
            self.asked += 1
            return JSONResponse({"keys": self.keys})
        if request.url.path == "/.well-known/openid-configuration":
            return JSONResponse({"issuer": self.says or self.url, "jwks_uri": f"{self.url}/keys"})
        return Response(status_code=404)

    def token(
        self, algorithm: str = "RS256", key_id: str = "RS256", private: Any = None, **claims: Any
    ) -> str:
        now = int(time.time())
        body = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "alice",
            "client_id": "app",
            "scope": "openid k6:read",
            "iat": now,
            "exp": now + 300,
        } | claims
        given = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(given, private or PRIVATE[algorithm], algorithm, headers={"kid": key_id})

    def verifier(self, jwks_url: str | None = None, now: Any = time.monotonic) -> JwtVerifier:
        return JwtVerifier(self.url, AUDIENCE, SigningKeys(self.url, jwks_url, fetch_json, now))


@asynccontextmanager
async def issuing(**fields: Any) -> AsyncGenerator[Issuer, None]:
    issuer = Issuer([public_key(name, name) for name in PRIVATE], **fields)
    async with listening(issuer) as issuer.url:
        yield issuer


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


@pytest.mark.parametrize("algorithm", [*PRIVATE])
async def test_a_token_of_the_issuer_for_this_server_is_good(algorithm: str):
    async with issuing() as issuer:
        grant = await issuer.verifier().verify(issuer.token(algorithm, algorithm))
        listed = await issuer.verifier().verify(issuer.token(scope=None, scp=["k6:run", "k6:read", "x"]))
    assert grant is not None
    assert (grant.client_id, grant.subject, grant.scopes) == ("app", "alice", ["k6:read"])
    assert (grant.resource, grant.claims) == (AUDIENCE, {"iss": issuer.url})
    assert listed is not None
    assert listed.scopes == ["k6:read", "k6:run"]
    assert grant.token == ""


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example/mcp"},
        {"aud": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
        {"sub": None},
        {"exp": "soon"},
    ],
    ids=[
        "other aud",
        "no aud",
        "other iss",
        "no iss",
        "expired",
        "no exp",
        "nbf",
        "iat",
        "no sub",
        "odd exp",
    ],
)
async def test_a_token_with_other_claims_is_no_good(claims: dict[str, Any]):
    async with issuing() as issuer:
        assert await issuer.verifier().verify(issuer.token(**claims)) is None


async def test_a_small_difference_of_clocks_is_forgiven():
    async with issuing() as issuer:
        now = int(time.time())
        assert await issuer.verifier().verify(issuer.token(exp=now - 10, nbf=now + 10, iat=now + 10))


async def test_forged_tokens_are_no_good():
    async with issuing() as issuer:
        verifier = issuer.verifier()
        good = issuer.token()
        head, body, signature = good.split(".")
        public = public_key("RS256", "RS256")["n"]
        other = rsa.generate_private_key(65537, 2048)
        forged = {
            "none": jwt.encode({"iss": issuer.url, "aud": AUDIENCE, "sub": "a", "exp": 9e9}, "", "none"),
            "hmac with a public key": jwt.encode(
                {"iss": issuer.url, "aud": AUDIENCE, "sub": "a", "exp": 9e9},
                public,
                "HS256",
                {"kid": "RS256"},
            ),
            "another key": issuer.token(private=other),
            "the key of another algorithm": issuer.token("ES256", "RS256"),
            "RS512": jwt.encode({"sub": "a"}, RSA, "RS512", {"kid": "RS256"}),
            "no signature": f"{head}.{body}.",
            "another body": f"{head}.{body[:-2]}AA.{signature}",
            "too long": good + "A" * 20_000,
            "nonsense": "a.b.c",
        }
        results = {name: await verifier.verify(token) for name, token in forged.items()}
        assert await verifier.verify(good)
    assert results == dict.fromkeys(forged)


async def test_metadata_of_another_issuer_is_not_believed():
    async with issuing(says="https://idp.example") as issuer:
        verifier = issuer.verifier()
        with pytest.raises(KeysUnavailable, match="another issuer"):
            await verifier.verify(issuer.token())
        assert await issuer.verifier(f"{issuer.url}/keys").verify(issuer.token())


async def test_a_new_key_is_fetched_but_not_more_than_once_a_minute():
    clock = 0.0
    async with issuing() as issuer:
        verifier = issuer.verifier(f"{issuer.url}/keys", lambda: clock)
        assert await verifier.verify(issuer.token())
        new = rsa.generate_private_key(65537, 2048)
        issuer.keys = [public_key("RS256", "new", new)]
        clock = 61.0
        assert await verifier.verify(issuer.token(key_id="new", private=new))
        assert await verifier.verify(issuer.token()) is None
        for number in range(20):
            assert await verifier.verify(issuer.token(key_id=f"unknown {number}")) is None
        assert issuer.asked == 2


async def test_while_the_issuer_is_down_the_last_keys_serve_for_a_day():
    clock = 0.0
    async with issuing() as issuer:
        verifier = issuer.verifier(f"{issuer.url}/keys", lambda: clock)
        assert await verifier.verify(issuer.token())
        issuer.down = True
        clock = 3600.0
        assert await verifier.verify(issuer.token())
        assert verifier.keys.problem is not None
        clock = 25 * 3600.0
        with pytest.raises(KeysUnavailable):
            await verifier.verify(issuer.token())
        issuer.down = False
        clock += 61
        assert await verifier.verify(issuer.token())
        assert verifier.keys.problem is None


async def test_over_http_a_client_is_told_where_to_get_a_token_and_what_it_lacks():
    async with (
        issuing() as issuer,
        serving(backend="sandbox", oauth_issuer=issuer.url, oauth_audience=AUDIENCE) as address,
    ):
        without = await knock(address)
        foreign = await knock(address, issuer.token(aud="https://other.example"))
        powerless = await knock(address, issuer.token(scope="openid"))
        async with httpx.AsyncClient(base_url=address) as http:
            metadata = (await http.get("/.well-known/oauth-protected-resource/mcp")).json()
        async with calling(address, authorization=f"Bearer {issuer.token()}") as client:
            refused = text_of(await client.call_tool("start_load_test", {"load_test_id": 1}))
            assert (await client.call_tool("list_load_tests", {})).is_error is False
    where = 'resource_metadata="https://k6.example.com/.well-known/oauth-protected-resource/mcp"'
    assert [one.status_code for one in (without, foreign, powerless)] == [401, 401, 403]
    assert all(where in one.headers["WWW-Authenticate"] for one in (without, foreign, powerless))
    assert 'error="insufficient_scope"' in powerless.headers["WWW-Authenticate"]
    assert metadata["resource"] == AUDIENCE
    assert metadata["authorization_servers"] == [issuer.url]
    assert metadata["scopes_supported"] == ["k6:read", "k6:write", "k6:run"]
    assert "needs the scope k6:run" in refused


async def test_where_no_token_can_be_checked_the_answer_is_to_try_again():
    async with (
        issuing(down=True) as issuer,
        serving(backend="sandbox", oauth_issuer=issuer.url, oauth_audience=AUDIENCE) as address,
    ):
        answer = await knock(address, issuer.token())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
