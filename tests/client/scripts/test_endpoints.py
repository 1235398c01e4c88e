import pytest

from k6_cloud.scripts.endpoints import Endpoint, Looks, Piece, endpoint_of, loopback_in, urls_in


def local(text: str) -> list[tuple[str, int | None]]:
    data = text.lower().encode()
    return [(one.host, one.port) for one in loopback_in(Piece(data, 0, len(data), Looks(100)))]


def urls(text: str) -> list[Endpoint | None]:
    data = text.lower().encode()
    return [*urls_in(Piece(data, 0, len(data), Looks(100)))]


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("\u0440\u0430\u0443\u0440\u0430l.example", "xn--l-7sba6dbr.example"),
        ("shop.example.", "shop.example."),
        ("a..example", None),
        ("-a.example", None),
        ("a b.example", None),
        ("x" * 64 + ".example", None),
        (".".join(["x" * 60] * 5), None),
        ("${host}", None),
        ("", None),
        ("\u202eexample.com", None),
        ("shop.example:port", None),
        ("shop.example:0", None),
        ("shop.example:65536", None),
        ("[::g]", None),
        ("[::1", None),
    ],
)
def test_only_plain_names_are_endpoints_and_in_ascii(authority: str, host: str | None):
    found = endpoint_of(authority)
    assert (found and found.host) == host


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://localhost", 80),
        ("https://localhost/", 443),
        ("ws://localhost?x", 80),
        ("wss://localhost#x", 443),
        ("http://localhost:8080", 8080),
        ("grpc://localhost", None),
        ("http://localhost:${port}", None),
        ("http://localhost:30${rest}", None),
        ("'http://localhost:' + port", None),
    ],
)
def test_a_url_without_a_port_has_that_of_its_scheme_unless_the_script_puts_it_together(
    url: str, port: int | None
):
    assert urls(url) == [Endpoint("localhost", port)]


@pytest.mark.parametrize(
    "url", ["file://localhost/x", "xhttp://localhost/", "://localhost", "http:/localhost"]
)
def test_other_schemes_are_no_targets(url: str):
    assert urls(url) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("'localhost:50051'", [("localhost", 50051)]),
        ("redis://u:p@localhost:6379/0", [("localhost", 6379)]),
        ('"http:\\/\\/127.0.0.1:3000\\/"', [("127.0.0.1", 3000)]),
        ("127.8.9.10:1", [("127.8.9.10", 1)]),
        ("LOCALHOST:1", [("localhost", 1)]),
        ("a.b.localhost:77", [("a.b.localhost", 77)]),
        ("http://[::1]:8080/", [("[::1]", 8080)]),
        ("[0:0:0:0:0:0:0:1]:9", [("[0:0:0:0:0:0:0:1]", 9)]),
        ("[::ffff:127.0.0.1]:81", [("[::ffff:127.0.0.1]", 81)]),
        ("localhost:65535 localhost:65536 localhost:0 localhost:123456", [("localhost", 65535)]),
        ("127.0.0.300:5 127.0.0:5 128.0.0.1:5", []),
        ("mylocalhost:5 my-localhost:5 2127.0.0.1:80 1.127.0.0.1:80", []),
        ("[::2]:5 [a]:5 x]:5 [1,2]:5", []),
        ("localhost:${port} localhost:3${rest}", []),
        ("localhost 127.0.0.1 [::1]", []),
    ],
)
def test_hosts_of_this_machine_are_found_with_their_ports(text: str, found: list[tuple[str, int]]):
    assert local(text) == found
