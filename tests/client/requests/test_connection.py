import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection import DEFAULT_BASE_URL, connect


async def test_requests_name_their_sender_and_ask_for_json():
    def handler(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://k6.test/cloud/v6/projects"
        assert request.headers["User-Agent"].startswith("k6-cloud-python/")
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


async def test_the_program_that_uses_the_client_comes_first_in_the_user_agent():
    async with connect(Credentials("secret", stack_id=7), product="my-tool/1.0") as http:
        assert http.headers["User-Agent"].startswith("my-tool/1.0 k6-cloud-python/")


@pytest.mark.parametrize(
    ("address", "product", "message"),
    [
        ("", "", "'' is not an address like https://api.k6.io"),
        ("api.k6.io", "", "'api.k6.io' is not an address"),
        ("ftp://api.k6.io", "", "is not an address"),
        ("https://[::1", "", "is not an address"),
        ("https://a\nb", "", "No connection can be made"),
        ("https://api.k6.io", "é", "The product's name is not ASCII text"),
        ("https://api.k6.io", "a\r\nb: c", "The product's name is not ASCII text"),
    ],
)
def test_a_connection_that_cannot_be_made_is_an_error_of_the_client(address: str, product: str, message: str):
    with pytest.raises(ConfigurationError, match=message):
        connect(Credentials("secret", stack_id=7), address, product=product)


@pytest.mark.parametrize("proxy", ["nonsense://user:planted@proxy.test", "socks4://user:planted@proxy.test"])
def test_a_proxy_that_cannot_be_used_is_an_error_that_does_not_quote_it(
    monkeypatch: pytest.MonkeyPatch, proxy: str
):
    monkeypatch.setenv("ALL_PROXY", proxy)

    with pytest.raises(ConfigurationError, match="ALL_PROXY") as caught:
        connect(Credentials("secret", stack_id=7))

    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None
