import pytest
from support.archives import tar_of

from k6_cloud.models import Json
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.starts.targets import Targets, host_of, targets_of


def targets(source: str, options: Json | None = None) -> Targets:
    with Script.from_chunks([source.encode()]) as script:
        return targets_of(script, options)


def archive(source: str, other: str = "") -> Script:
    return Script.from_chunks([tar_of({"data": source, "file/lib.js": other})])


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("http.get('https://shop.example/cart?x=1')", ["shop.example"]),
        ('http.get("HTTP://Shop.Example:8080/a")', ["shop.example:8080"]),
        ("http.get(`https://shop.example/${id}`)", ["shop.example"]),
        ("ws.connect('wss://live.example/ws')", ["live.example"]),
        ("client.connect('rpc.example:443', {})", ["rpc.example:443"]),
        ("client.connect('grpc://rpc.example')", ["rpc.example"]),
        ("const baseURL = 'http://127.0.0.1:3333'", ["127.0.0.1:3333"]),
        ("http.get('http://[::1]:80/')", ["[::1]:80"]),
        ("http.get('https://me:secret@shop.example/')", ["shop.example"]),
        ("http.get('https://b.example'); http.get('https://a.example'); 'https://b.example/2'", None),
    ],
)
def test_hosts_of_urls_are_found_once_each_in_their_order(source: str, hosts: list[str] | None):
    assert targets(source) == Targets(tuple(hosts or ["b.example", "a.example"]), computed=False)


@pytest.mark.parametrize(
    "source",
    [
        "http.get('https://' + host)",
        "http.get(`https://${host}/x`)",
        "http.get(`https://eu.${domain}/x`)",
        "http.get(`${__ENV.BASE_URL}/x`)",
    ],
)
def test_a_host_that_is_put_together_is_said_to_be_computed(source: str):
    assert targets(source) == Targets((), computed=True)
    assert str(targets(source)) == "no host found in the text of the script, they are computed"


def test_modules_are_no_targets():
    source = """
    import { uuid } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
    import 'https://side.example/effects.js';
    export { x } from "https://other.example/x.js";
    """
    assert targets(source) == Targets((), computed=False)
    assert str(targets(source)) == "no host found in the text of the script"


def test_at_most_five_are_named():
    found = targets(" ".join(f"'https://h{number}.example/'" for number in range(7)))
    assert str(found) == (
        "h0.example, h1.example, h2.example, h3.example, h4.example, and 2 more (found in the text of the script)"
    )


def test_hosts_with_an_address_in_the_options_count():
    found = targets("", {"hosts": {"shop.example": "10.0.0.1", "*.test.example:8443": "10.0.0.2"}})
    assert found.hosts == ("shop.example", "*.test.example:8443")
    assert targets("", {"hosts": ["odd"]}).hosts == ()


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
    ],
)
def test_only_plain_names_are_shown_and_in_ascii(authority: str, host: str | None):
    assert host_of(authority) == host


def test_of_an_archive_the_entry_file_is_read():
    with archive("http.get('https://shop.example')", "http.get('https://lib.example')") as script:
        assert targets_of(script).hosts == ("shop.example",)


def test_an_archive_without_an_entry_file_names_none():
    with Script.from_chunks([b"\0" * 257 + b"ustar\0" + b"00" + b"\0" * 1271]) as broken:
        assert targets_of(broken).hosts == ()


def test_bytes_that_are_no_text_name_none():
    with Script.from_chunks([b"\xff\xfe\x00"]) as script:
        assert targets_of(script) == Targets((), computed=False)
