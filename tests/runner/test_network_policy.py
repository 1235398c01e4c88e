from ipaddress import ip_address, ip_network

from k6_runner.network_policy import blocked_networks


def _refuses(networks: list[str], address: str) -> bool:
    return any(ip_address(address) in ip_network(network) for network in networks)


async def test_only_loopback_is_open_by_default():
    blocked = await blocked_networks([])
    assert [a for a in ("127.0.0.1", "127.9.9.9", "::1") if _refuses(blocked, a)] == []
    closed = ("0.0.0.0", "10.0.0.1", "128.0.0.0", "169.254.169.254", "192.0.2.1", "255.255.255.255")
    assert all(_refuses(blocked, address) for address in (*closed, "::", "::2", "fe80::1", "2001:db8::1"))


async def test_addresses_and_networks_can_be_opened():
    blocked = await blocked_networks(["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"])
    assert [
        a for a in ("127.0.0.1", "10.1.255.255", "192.0.2.7", "2001:db8::5") if _refuses(blocked, a)
    ] == []
    assert all(_refuses(blocked, a) for a in ("10.0.255.255", "10.2.0.0", "192.0.2.6", "2001:db9::"))


async def test_a_network_that_contains_loopback_opens_all_of_itself():
    blocked = await blocked_networks(["0.0.0.0/1", "10.0.0.0/8"])
    assert not _refuses(blocked, "10.0.0.1")
    assert not _refuses(blocked, "1.1.1.1")
    assert _refuses(blocked, "192.0.2.1")


async def test_a_host_name_opens_its_addresses():
    assert await blocked_networks(["localhost"]) == await blocked_networks([])


async def test_a_name_without_an_address_opens_nothing():
    assert await blocked_networks(["no-such-host.invalid", "not a host"]) == await blocked_networks([])


async def test_a_star_opens_everything():
    assert await blocked_networks(["10.0.0.1", "*"]) == []
