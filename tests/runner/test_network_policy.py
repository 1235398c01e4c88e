from ipaddress import ip_address, ip_network

import pytest
from support.reach import to_port

from k6_cloud.scripts.reach import NOTHING, Reach
from k6_runner.network_policy import NetworkPolicy, policy_of

EVERY_PORT = range(1, 65536)


def reach(
    *hosts: str, ports: set[int] | None = None, closed: set[int] | None = None, browser: bool = False
) -> Reach:
    held = frozenset(ports) if ports is not None else None
    return Reach(hosts, held, frozenset(closed or ()), (), (), browser)


def _open(policy: NetworkPolicy, *addresses: str) -> list[str]:
    return [
        address
        for address in addresses
        if not any(ip_address(address) in ip_network(network) for network in policy.blocked)
    ]


def _ports(policy: NetworkPolicy) -> set[int]:
    return {port for first, last in policy.ports for port in range(first, last + 1)}


async def test_a_run_that_reaches_nothing_has_no_address_no_port_and_no_name():
    policy = await policy_of(NOTHING)
    assert _open(policy, "127.0.0.1", "::1", "0.0.0.0", "10.0.0.1", "fe80::1", "255.255.255.255") == []
    assert (policy.ports, policy.datagrams) == ((), False)


async def test_of_this_machine_only_the_addresses_of_the_script_are_open():
    policy = await policy_of(reach("127.0.0.1", "localhost", "127.0.0.5", "[::1]"))
    found = _open(
        policy, "127.0.0.1", "127.0.0.2", "127.0.0.5", "127.9.9.9", "::1", "0.0.0.0", "::", "10.0.0.1"
    )
    assert found == ["127.0.0.1", "127.0.0.5", "::1"]
    assert not policy.datagrams


async def test_an_ipv4_address_in_the_form_of_ipv6_is_opened_as_what_it_is():
    policy = await policy_of(reach("[::ffff:127.0.0.1]"))
    assert _open(policy, "127.0.0.1", "127.0.0.2") == ["127.0.0.1"]


async def test_addresses_and_networks_can_be_opened():
    policy = await policy_of(reach("10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"))
    found = _open(policy, "10.1.255.255", "10.2.0.0", "192.0.2.6", "192.0.2.7", "2001:db8::5", "2001:db9::")
    assert found == ["10.1.255.255", "192.0.2.7", "2001:db8::5"]
    assert policy.datagrams


async def test_a_host_name_opens_its_addresses_and_one_without_any_nothing():
    assert (await policy_of(reach("no-such-host.invalid"))).blocked == (await policy_of(reach())).blocked
    assert _open(await policy_of(reach("LocalHost.")), "127.0.0.1", "::1") == ["127.0.0.1", "::1"]


async def test_a_star_opens_every_address():
    policy = await policy_of(reach("127.0.0.1", "*", ports={80}))
    assert (policy.blocked, policy.ports, policy.datagrams) == ((), ((80, 80),), True)


@pytest.mark.parametrize(
    ("ports", "closed", "ranges"),
    [
        ({6581}, set[int](), ((6581, 6581),)),
        ({1, 2, 3, 80, 65535}, {2}, ((1, 1), (3, 3), (80, 80), (65535, 65535))),
        ({80, 81, 443}, {9}, ((80, 81), (443, 443))),
        ({6565}, {6565}, ()),
    ],
)
async def test_ports_are_told_as_ranges_without_the_closed_ones(
    ports: set[int], closed: set[int], ranges: tuple[tuple[int, int], ...]
):
    assert (await policy_of(reach("127.0.0.1", ports=ports, closed=closed))).ports == ranges


async def test_all_ports_are_all_but_the_closed_ones():
    policy = await policy_of(reach("10.0.0.1", closed={1, 6565, 6580, 65535}))
    assert policy.ports == ((2, 6564), (6566, 6579), (6581, 65534))


async def test_a_browser_needs_the_ports_that_the_system_gives_to_programs():
    policy = await policy_of(reach("127.0.0.1", ports={80}, closed={40000}, browser=True))
    ports = _ports(policy)
    assert {80, 39999, 40001} < ports
    assert not {81, 1024, 6565, 40000} & ports


async def test_the_demo_target_and_an_opened_port_are_reached():
    policy = await policy_of(to_port(6581, "127.0.0.1:3000"))
    assert _ports(policy) == {3000, 6581}
    assert _open(policy, "127.0.0.1", "127.0.0.2", "::1") == ["127.0.0.1"]
