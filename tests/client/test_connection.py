import httpx

from k6_cloud.auth import Credentials
from k6_cloud.connection import DEFAULT_BASE_URL, connect


async def test_requests_name_their_sender_and_ask_for_json():
    def handler(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://k6.test/cloud/v6/projects"
        assert request.headers["User-Agent"].startswith("k6-cloud-mcp/")
        assert request.headers["Accept"] == "application/json"
        return httpx.Response(200)

    transport = httpx.MockTransport(handler)
    async with connect(Credentials("secret", stack_id=7), "https://k6.test", transport) as http:
        await http.get("/cloud/v6/projects")


async def test_the_default_address_is_the_real_service_with_patience_and_without_redirects():
    async with connect(Credentials("secret", stack_id=7)) as http:
        assert http.base_url == DEFAULT_BASE_URL == "https://api.k6.io"
        assert http.timeout == httpx.Timeout(30.0, connect=10.0)
        assert not http.follow_redirects


async def test_a_redirect_is_answered_as_it_is_and_the_token_stays():
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.test/"})

    transport = httpx.MockTransport(handler)
    async with connect(Credentials("secret", stack_id=7), "https://k6.test", transport) as http:
        response = await http.get("/cloud/v6/projects")

    assert response.status_code == 307
    assert asked == ["k6.test"]
