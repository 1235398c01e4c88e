import pytest

from k6_cloud.auth import Credentials
from k6_cloud.config.proxies import is_exempt, proxy_for
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection import connect

API = "https://api.k6.io"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(
    ("name", "value", "proxy"),
    [
        ("HTTPS_PROXY", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("https_proxy", "proxy.example:3128", "http://proxy.example:3128"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
        ("ALL_PROXY", "socks://127.0.0.1:1080/", "socks5://127.0.0.1:1080/"),
        ("all_proxy", "SOCKS://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
        ("HTTP_PROXY", "http://only-for-http.example", None),
    ],
)
async def test_a_proxy_is_used_under_each_of_its_names(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, proxy: str | None
):
    monkeypatch.setenv(name, value)
    chosen = proxy_for(API)
    assert (str(chosen.url) if chosen else None) == proxy
    await connect(Credentials("token", 1), API).aclose()


@pytest.mark.parametrize(
    "exempt",
    ["[::1]", "fd00::/8", "[::1]:8080,localhost", "[fe80::]/10", "::1", "10.0.0.0/8", "*.corp", "[", ":"],
)
async def test_what_others_write_into_no_proxy_is_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, exempt: str
):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:planted@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert proxy_for(API) is not None
    await connect(Credentials("token", 1), API).aclose()


@pytest.mark.parametrize(
    "value",
    [
        "socks4://u:planted@h:1",
        "ftp://planted",
        "http://",
        "http://u:planted@h:port",
        "http://[planted",
        "quic://x",
    ],
)
@pytest.mark.parametrize("name", ["ALL_PROXY", "https_proxy"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable_and_never_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as refused:
        connect(Credentials("token", 1), API)
    assert "planted" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("here", ["http://127.0.0.1:6580", "http://localhost:1", "http://[::1]:1"])
def test_this_machine_is_never_reached_by_a_proxy(monkeypatch: pytest.MonkeyPatch, here: str):
    monkeypatch.setenv("ALL_PROXY", "socks4://unusable")
    assert proxy_for(here) is None


@pytest.mark.parametrize(
    ("host", "port", "exempt", "expected"),
    [
        ("::1", 80, "[::1]", True),
        ("::1", 80, "[::1]:81", False),
        ("fd00::5", None, "fd00::/8", True),
        ("fd00::5", None, "[fd00::]/8", True),
        ("fe80::1", None, "fd00::/8", False),
        ("10.1.2.3", None, "10.0.0.0/8", True),
        ("11.1.2.3", None, "10.0.0.0/8", False),
        ("10.1.2.3", 80, "10.1.2.3:443", False),
        ("api.k6.io", None, "k6.io", True),
        ("api.k6.io", None, ".k6.io", True),
        ("api.k6.io", None, "*.k6.io", True),
        ("apik6.io", None, "k6.io", False),
        ("API.K6.io", None, "k6.IO", True),
        ("a.b", None, "https://a.b", True),
        ("x", None, " , *", True),
        ("x", None, "", False),
        ("a.b", None, "[::1", False),
    ],
)
def test_hosts_are_exempt_by_name_address_and_network(
    host: str, port: int | None, exempt: str, expected: bool
):
    assert is_exempt(host, port, exempt) is expected
