import pytest

from k6_cloud.models import Json
from k6_cloud.scripts.endpoints import Endpoint
from k6_cloud.scripts.reach import NetworkRules, Reach, in_words, opening_of, reach_of
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.targets import Targets, targets_of

DEMO = Endpoint("127.0.0.1", 6581)
ANY_PORT = (
    "K6_SANDBOX_ALLOW_HOSTS opens a host without a port, so the run reaches any port of these hosts, and of this machine "
    "but our own."
)
OURS = {6580: "the sandbox's API"}


def rules(*openings: str, limits_ports: bool = True) -> NetworkRules:
    return NetworkRules(DEMO, tuple(map(opening_of, openings)), OURS, limits_ports)


def targets(source: str, options: Json | None = None) -> Targets:
    with Script.from_chunks([source.encode()]) as script:
        return targets_of(script, options)


def reach(source: str, *openings: str, options: Json | None = None) -> Reach:
    return reach_of(targets(source, options), rules(*openings))


def words(source: str, *openings: str, limits_ports: bool = True) -> list[str]:
    found, held = targets(source), rules(*openings, limits_ports=limits_ports)
    return [*in_words(found, reach_of(found, held), held)]


def test_a_script_without_targets_reaches_the_demo_target_alone():
    assert reach("export default 1") == Reach(
        ("127.0.0.1",), frozenset({6581}), frozenset({6565, 6580}), (), ()
    )


def test_hosts_of_this_machine_are_reached_on_the_ports_in_the_text():
    found = reach("'http://localhost:3000/' 'https://127.0.0.2' 'http://[::1]:8080'")
    assert found.hosts == ("127.0.0.1", "localhost", "127.0.0.2", "[::1]")
    assert found.ports == {6581, 3000, 443, 8080}
    assert found.is_local


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://localhost:6580/cloud/v6/projects", "it is the sandbox's API, which runs never reach"),
        ("http://127.0.0.1:6565/v1/status", "it is k6's own REST API, which runs never reach"),
        (
            "http://shop.example:6580/",
            "its port is that of the sandbox's API on this machine, and ports are closed for all hosts",
        ),
    ],
)
@pytest.mark.parametrize("openings", [(), ("*",), ("127.0.0.1", "shop.example:6580", "localhost:6580")])
def test_our_own_ports_and_that_of_k6_are_never_reached(url: str, why: str, openings: tuple[str, ...]):
    found = reach(f"'{url}'", *openings)
    assert found.refused == (f"{url.split('/')[2]} ({why})",)
    assert found.ports is None or not found.ports & {6565, 6580}
    assert found.closed == {6565, 6580}


@pytest.mark.parametrize(
    ("source", "openings", "refused"),
    [
        ("'https://shop.example'", (), "shop.example (K6_SANDBOX_ALLOW_HOSTS does not name it)"),
        ("'https://shop.example'", ("shop.example",), None),
        ("'https://Shop.example.'", ("SHOP.example:443",), None),
        (
            "'https://shop.example:8443'",
            ("shop.example:443",),
            "shop.example:8443 (K6_SANDBOX_ALLOW_HOSTS does not name it)",
        ),
        ("'https://shop.example:8443'", ("*",), None),
        ("'http://10.1.2.3:8080'", ("10.0.0.0/8",), None),
        ("'http://10.1.2.3:8080'", ("10.0.0.0/8:8080",), None),
        (
            "'http://10.1.2.3:8080'",
            ("10.0.0.0/8:80",),
            "10.1.2.3:8080 (K6_SANDBOX_ALLOW_HOSTS does not name it)",
        ),
        (
            "'https://shop.example'",
            ("10.0.0.0/8", "127.0.0.1"),
            "shop.example (K6_SANDBOX_ALLOW_HOSTS does not name it, unless its address is in 10.0.0.0/8)",
        ),
        (
            "`http://localhost:${port}`",
            (),
            "localhost (its port is not in the text; name it in K6_SANDBOX_ALLOW_HOSTS)",
        ),
        ("`http://localhost:${port}`", ("127.0.0.1:3000",), None),
        ("`http://localhost:${port}`", ("[::1]:3000",), None),
        ("`http://localhost:${port}`", ("::1",), None),
    ],
)
def test_targets_are_refused_with_the_reason(source: str, openings: tuple[str, ...], refused: str | None):
    assert reach(source, *openings).refused == ((refused,) if refused else ())


def test_a_computed_port_is_reached_if_the_setting_names_it():
    found = reach("http.get('http://127.0.0.1:' + port)", "127.0.0.1:3000")
    assert found.ports == {6581, 3000}


def test_a_host_without_a_port_opens_all_ports_but_ours():
    found = reach("", "10.0.0.0/8", "127.0.0.1:3000")
    assert found.ports is None
    assert found.closed == {6565, 6580}
    assert not found.is_local


def test_the_option_hosts_opens_this_machine_on_the_port_of_the_url():
    options = {"hosts": {"shop.test": "127.0.0.1", "api.test": "127.0.0.1:6580"}}
    found = reach("'http://shop.test:8080' 'http://api.test'", options=options)
    assert found.ports == {6581, 8080}
    assert found.refused == (
        "api.test (which is 127.0.0.1:6580) (it is the sandbox's API, which runs never reach)",
    )


@pytest.mark.parametrize(
    ("openings", "local"),
    [((), True), (("127.0.0.0/8",), True), (("::1",), True), (("10.0.0.1",), False), (("*",), False)],
)
def test_names_need_no_resolving_while_a_run_stays_on_this_machine(openings: tuple[str, ...], local: bool):
    assert reach("'http://localhost:3000' 'https://shop.example'", *openings).is_local is local


def test_the_words_tell_what_is_reached_refused_and_not_known():
    assert words("'http://localhost:3000' 'https://shop.example' `http://${host}`") == [
        "It reaches localhost:3000, the demo target.",
        "Refused: shop.example (K6_SANDBOX_ALLOW_HOSTS does not name it).",
        "Hosts and ports that the script computes are refused unless K6_SANDBOX_ALLOW_HOSTS names them.",
    ]
    assert words("import { browser } from 'k6/browser'", "10.0.0.1") == [
        "It reaches the demo target.",
        "Its browser reaches the ports of this machine that the system gives to programs, too.",
        ANY_PORT,
    ]
    assert words("", limits_ports=False)[1:] == [
        "This system cannot limit ports: on these hosts the run reaches all of them."
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("*", "*"),
        ("*:8080", "*:8080"),
        (" Shop.Example ", "shop.example"),
        ("shop.example:8443", "shop.example:8443"),
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("10.0.0.0/8:80", "10.0.0.0/8:80"),
        ("127.0.0.1:3000", "127.0.0.1/32:3000"),
        ("::1", "::1/128"),
        ("[::1]:3000", "::1/128:3000"),
        ("fd00::/8", "fd00::/8"),
    ],
)
def test_an_opening_is_a_host_a_network_or_everything_with_a_port_or_without(text: str, read: str):
    assert str(opening_of(text)) == read


@pytest.mark.parametrize(
    "text",
    ["", "*.shop.example", "http://shop.example", "a:0", "a:65536", "a:b", "a b", "1.2.3.4/33", "[::1]:"],
)
def test_what_is_no_opening_is_refused(text: str):
    with pytest.raises(ValueError, match=r"is not a host|has no valid port"):
        opening_of(text)
