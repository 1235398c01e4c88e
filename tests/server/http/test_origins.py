"""Hosts, and pages of browsers, that may call the server."""

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from support.authenticated_server import ACCEPT, INITIALIZE
from support.loopback import listening

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.transports import http_app

PAGE = "https://k6.example.com"
LEGACY = {"MCP-Protocol-Version": "2025-11-25"}


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


def app(token: str | None = None) -> Starlette:
    secret = SecretStr(token) if token else None
    return http_app(Settings(backend="sandbox", http_token=secret), "127.0.0.1", ["k6.example.com"])


async def answered(path: str, **headers: str) -> httpx.Response:
    async with listening(app()) as address, httpx.AsyncClient(base_url=address, headers=ACCEPT) as http:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.post(path, json=INITIALIZE, headers=sent)


@pytest.mark.parametrize(
    "host", ["LOCALHOST", "Localhost:8000", "127.0.0.1:1", "[::1]:8000", "K6.Example.Com"]
)
async def test_a_host_is_known_in_any_spelling_and_on_any_port(host: str):
    assert (await answered("/mcp", Host=host)).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil", "k6.example.com@evil", "x:1"]
)
async def test_any_other_host_is_refused(host: str):
    answer = await answered("/mcp", Host=host)
    assert (answer.status_code, answer.json()["error"]) == (421, "invalid_host")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://k6.example.com.evil", "ftp://k6.example.com"]
)
async def test_a_page_of_any_other_origin_is_refused(origin: str):
    answer = await answered("/mcp", Origin=origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_origin")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("token", [None, "open sesame"])
async def test_a_page_of_an_allowed_origin_may_ask_before_it_calls_and_read_what_it_gets(token: str | None):
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,mcp-session-id,x-k6-token",
    }
    async with listening(app(token)) as address, httpx.AsyncClient(base_url=address) as http:
        preflight = await http.options("/mcp", headers=asked)
        foreign = await http.options("/mcp", headers=asked | {"Origin": "https://evil.example"})
        refused = await http.post(
            "/mcp", json=INITIALIZE, headers=ACCEPT | {"Origin": PAGE, "Authorization": "x"}
        )
        bearer = {"Origin": PAGE, "Authorization": f"Bearer {token}"}
        called = await http.post("/mcp", json=INITIALIZE, headers=ACCEPT | bearer)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
    assert {"GET", "POST", "DELETE"} <= {*preflight.headers["Access-Control-Allow-Methods"].split(", ")}
    assert "x-k6-token" in preflight.headers["Access-Control-Allow-Headers"]
    assert (foreign.status_code, "Access-Control-Allow-Origin" in foreign.headers) == (400, False)
    assert refused.status_code == (401 if token else 200)
    for answer in (refused, called):
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Mcp-Session-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert called.status_code == 200


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/Json", "APPLICATION/JSON; Charset=UTF-8"]
)
@pytest.mark.parametrize("version", [{}, LEGACY], ids=["none", "legacy"])
async def test_a_slash_or_large_letters_make_no_difference(
    path: str, media_type: str, version: dict[str, str]
):
    answer = await answered(path, **{"Content-Type": media_type}, **version)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 421)])
async def test_figures_are_not_for_pages_elsewhere_where_no_token_is_wanted(host: str, status: int):
    async with listening(app()) as address, httpx.AsyncClient(base_url=address) as http:
        answers = {path: await http.get(path, headers={"Host": host}) for path in ("/metrics", "/healthz")}
    assert [one.status_code for one in answers.values()] == [status, 200]


@pytest.mark.parametrize(
    "path", ["oauth-authorization-server", "openid-configuration", "oauth-protected-resource/x"]
)
async def test_metadata_that_is_not_there_is_not_found_rather_than_unauthorized(path: str):
    async with listening(app("open sesame")) as address, httpx.AsyncClient(base_url=address) as http:
        assert (await http.get(f"/.well-known/{path}")).status_code == 404
        assert (await http.get("/elsewhere")).status_code == 401
