import pytest
from support.archives import tar_of

from k6_cloud.models import Json
from k6_cloud.scripts.endpoints import Endpoint
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.targets import Targets, targets_of


def targets(source: str, options: Json | None = None) -> Targets:
    with Script.from_chunks([source.encode()]) as script:
        return targets_of(script, options)


def archive(**files: str) -> Script:
    return Script.from_chunks([tar_of({name.replace("__", "/"): text for name, text in files.items()})])


def hosts_in(script: Script) -> tuple[str, ...]:
    with script:
        return targets_of(script).hosts


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("http.get('https://shop.example/cart?x=1')", ["shop.example"]),
        ('http.get("HTTP://Shop.Example:8080/a")', ["shop.example:8080"]),
        ("http.get(`https://shop.example/${id}`)", ["shop.example"]),
        ("ws.connect('wss://live.example/ws')", ["live.example"]),
        ("client.connect('rpc.example:443', {})", ["rpc.example:443"]),
        ("const baseURL = 'http://127.0.0.1:3333'", ["127.0.0.1:3333"]),
        ("http.get('http://[::1]:80/')", ["[::1]:80"]),
        ("http.get('https://me:secret@shop.example/')", ["shop.example"]),
        ("http.get('https://b.example'); http.get('https://a.example'); 'https://b.example/2'", None),
    ],
)
def test_hosts_of_urls_are_found_once_each_in_their_order(source: str, hosts: list[str] | None):
    found = targets(source)
    assert (found.hosts, found.computed) == (tuple(hosts or ["b.example", "a.example"]), False)


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


def test_a_port_that_is_put_together_is_said_to_be_computed():
    found = targets("http.get(`http://localhost:${__ENV.PORT}/`)")
    assert (found.hosts, found.computed) == (("localhost",), True)
    assert found.found[0].reached.port is None


def test_modules_are_no_targets():
    source = """
    import { uuid } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
    import 'https://side.example/effects.js';
    export { x } from "https://other.example/x.js";
    const y = require('https://third.example/y.js'), z = await import(`https://fourth.example/z.js`);
    """
    assert targets(source) == Targets((), computed=False)
    assert str(targets(source)) == "no host found in the text of the script"


def test_at_most_five_are_named():
    found = targets(" ".join(f"'https://h{number}.example/'" for number in range(7)))
    assert str(found) == (
        "h0.example, h1.example, h2.example, h3.example, h4.example, and 2 more (found in the text of the script)"
    )


def test_the_option_hosts_tells_where_a_name_really_leads():
    options = {
        "hosts": {
            "shop.example": "10.0.0.1",
            "api.example:8443": "10.0.0.2:443",
            "*.test.example": "::1",
            "unused.example": "127.0.0.1:3000",
        }
    }
    found = targets("'http://shop.example:81/' 'https://api.example:8443' 'https://a.test.example'", options)

    assert found.hosts == (
        "shop.example:81 (which is 10.0.0.1:81)",
        "api.example:8443 (which is 10.0.0.2:443)",
        "a.test.example (which is [::1]:443)",
        "unused.example (which is 127.0.0.1:3000)",
    )
    assert [(one.reached.host, one.reached.port) for one in found.found] == [
        ("10.0.0.1", 81),
        ("10.0.0.2", 443),
        ("[::1]", 443),
        ("127.0.0.1", 3000),
    ]


@pytest.mark.parametrize(
    "hosts", [["odd"], {"shop.example": None}, {"shop.example": {}}, "shop.example", {"a b": "10.0.0.1"}]
)
def test_an_option_hosts_that_k6_would_refuse_names_nobody(hosts: object):
    assert targets("", {"hosts": hosts}).hosts == ()


def test_of_an_archive_all_its_own_files_are_read_the_entry_file_first():
    script = archive(
        file__config_js="export const base = 'http://staging.example:8080';\n// see https://docs.example\n",
        file__data_json='{"url": "https:\\/\\/data.example\\/a"}',
        data="http.get('https://shop.example')",
    )
    assert hosts_in(script) == ("shop.example", "staging.example:8080", "data.example")


def test_what_k6_fetched_from_elsewhere_names_no_hosts_but_those_of_this_machine():
    script = archive(
        data="import 'https://jslib.k6.io/a.js'",
        https__jslib_k6_io__a_js="fetch('https://home.example'); const debug = 'http://localhost:9229/'",
    )
    assert hosts_in(script) == ("localhost:9229",)


def test_hosts_of_this_machine_are_found_in_files_of_any_kind():
    script = archive(
        data="export default 1",
        file__users_csv="name,url\nada,127.0.0.1:3001\n",
        file__blob_bin="\0\1localhost:3002\0",
        file__notes_md="// http://[::1]:3003/",
    )
    with script:
        found = targets_of(script)
    assert [(one.reached.host, one.reached.port) for one in found.found] == [
        ("127.0.0.1", 3001),
        ("localhost", 3002),
        ("[::1]", 3003),
    ]


def test_an_archive_without_an_entry_file_names_none():
    with Script.from_chunks([b"\0" * 257 + b"ustar\0" + b"00" + b"\0" * 1271]) as broken:
        assert targets_of(broken).hosts == ()


def test_bytes_that_are_no_text_name_none():
    with Script.from_chunks([b"\xff\xfe\x00"]) as script:
        assert targets_of(script) == Targets((), computed=False)


def test_a_host_is_found_wherever_a_piece_of_a_large_script_ends():
    address = "http://localhost:30001/"
    for shift in range(len(address) + 2):
        padding = " " * (1024 * 1024 - shift)
        found = targets(padding + address)
        assert [one.reached for one in found.found] == [Endpoint("localhost", 30001)]


def test_more_endpoints_than_anybody_writes_count_as_computed():
    found = targets(" ".join(f"localhost:{port}" for port in range(1, 400)))
    assert len(found.found) == 256
    assert found.computed


@pytest.mark.parametrize(
    "text",
    [
        "from" + " " * 300_000 + "x",
        "http://" * 100_000,
        "localhost:1" * 100_000,
        "a." * 200_000 + "localhost:1",
        "127." * 200_000,
        "]:1" * 200_000,
        "[" * 300_000 + "]:1",
        (".connect(" + " " * 21) * 50_000,
        "/*" * 200_000 + "http://a",
        "deadbeef" * 200_000,
    ],
)
def test_a_hostile_text_is_looked_at_a_bounded_number_of_times(text: str):
    with Script.from_chunks([text.encode()]) as script:
        found = targets_of(script)
    assert len(found.found) <= 2
