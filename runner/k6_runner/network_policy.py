"""The network of a run, as k6 and the kernel take it: k6 refuses addresses, the kernel ports."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import anyio

from k6_cloud.config.addresses import is_loopback
from k6_cloud.scripts.endpoints import LARGEST_PORT
from k6_cloud.scripts.reach import EVERYWHERE, Reach
from k6_runner.confinement.abilities import abilities_here
from k6_runner.confinement.landlock import TCP_SINCE

Network = IPv4Network | IPv6Network
PortRange = tuple[int, int]
_AnyNetwork = TypeVar("_AnyNetwork", IPv4Network, IPv6Network)

_LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.1/32"), IPv6Network("::1/128"))
# A browser listens on a port that the system chooses, and k6 steers it from there.
_CHOSEN_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_CHOSEN_PORTS = (32768, 60999)


@dataclass(frozen=True)
class NetworkPolicy:
    """The addresses that k6 refuses, the ranges of TCP ports that are left, and whether names may be resolved elsewhere."""

    blocked: tuple[str, ...]
    ports: tuple[PortRange, ...]
    datagrams: bool


def limits_ports() -> bool:
    """Whether this machine can hold a run to ports; if not, it reaches all ports of the addresses it may use."""
    abilities = abilities_here()
    return abilities.seatbelt or abilities.landlock >= TCP_SINCE


async def policy_of(reach: Reach) -> NetworkPolicy:
    """The policy of a run that may use `reach`.

    k6 knows only a list of refused ranges, so that is the complement of what is allowed. A host name stands for the
    addresses it has now; one that has none opens nothing, and k6 could not reach it either.
    """
    return NetworkPolicy(
        blocked=tuple(map(str, await _blocked(reach.hosts))),
        ports=tuple(_ranges(_allowed(reach))),
        datagrams=not reach.is_local,
    )


async def _blocked(hosts: Iterable[str]) -> list[Network]:
    if EVERYWHERE in hosts:
        return []
    opened = [network for host in hosts for network in await _networks(host)]
    v4 = [network for network in opened if isinstance(network, IPv4Network)]
    v6 = [network for network in opened if isinstance(network, IPv6Network)]
    return [*_without(IPv4Network("0.0.0.0/0"), v4), *_without(IPv6Network("::/0"), v6)]


async def _networks(host: str) -> tuple[Network, ...]:
    try:
        return (_unmapped(ip_network(host.strip("[]"), strict=False)),)
    except ValueError:
        return _LOOPBACK if is_loopback(host) else tuple(await _addresses_of(host))


def _unmapped(network: Network) -> Network:
    """An IPv4 address that is written as an IPv6 one is that address: so k6 sees it."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return ip_network(mapped) if mapped and network.prefixlen == network.max_prefixlen else network


async def _addresses_of(host: str) -> list[Network]:
    try:
        found = await anyio.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return []
    return [ip_network(address[0]) for *_, address in found]


def _without(everything: _AnyNetwork, allowed: Iterable[_AnyNetwork]) -> list[_AnyNetwork]:
    remaining = [everything]
    for network in allowed:
        remaining = [piece for whole in remaining for piece in _split(whole, network)]
    return remaining


def _split(whole: _AnyNetwork, hole: _AnyNetwork) -> list[_AnyNetwork]:
    """Return the rest of `whole` without `hole`."""
    if whole.subnet_of(hole):
        return []
    return list(whole.address_exclude(hole)) if hole.subnet_of(whole) else [whole]


def _allowed(reach: Reach) -> set[int]:
    if reach.ports is None:
        return {*range(1, LARGEST_PORT + 1)} - reach.closed
    chosen = range(_chosen_ports()[0], _chosen_ports()[1] + 1) if reach.browser else ()
    return ({*reach.ports} | {*chosen}) - reach.closed


def _chosen_ports() -> PortRange:
    try:
        first, last = map(int, _CHOSEN_PORTS.read_text().split())
    except (OSError, ValueError):
        return _USUAL_CHOSEN_PORTS
    return first, last


def _ranges(ports: Iterable[int]) -> Iterator[PortRange]:
    """The ports as ranges, first and last."""
    known = sorted(ports)
    if not known:
        return
    starts = [known[0], *(after for before, after in pairwise(known) if after != before + 1)]
    ends = [*(before for before, after in pairwise(known) if after != before + 1), known[-1]]
    yield from zip(starts, ends, strict=True)
