"""Which addresses a run may reach: loopback, and what the operator opens."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

import anyio

Network = IPv4Network | IPv6Network
_AnyNetwork = TypeVar("_AnyNetwork", IPv4Network, IPv6Network)

EVERYWHERE = "*"


async def blocked_networks(allow_hosts: Iterable[str]) -> list[str]:
    """The networks to refuse, as CIDRs: all but loopback and `allow_hosts`; none for `*`.

    k6 knows only a list of refused ranges, so this is the complement of what is allowed. A host name
    stands for the addresses it has now; one that has none opens nothing, and k6 could not reach it either.
    """
    entries = list(allow_hosts)
    if EVERYWHERE in entries:
        return []
    opened = [network for entry in entries for network in await _networks(entry)]
    v4 = [IPv4Network("127.0.0.0/8"), *(n for n in opened if isinstance(n, IPv4Network))]
    v6 = [IPv6Network("::1/128"), *(n for n in opened if isinstance(n, IPv6Network))]
    blocked = [*_without(IPv4Network("0.0.0.0/0"), v4), *_without(IPv6Network("::/0"), v6)]
    return [str(network) for network in blocked]


async def _networks(entry: str) -> list[Network]:
    try:
        return [ip_network(entry, strict=False)]
    except ValueError:
        return await _addresses_of(entry)


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
    """What is left of `whole` once `hole` is taken out."""
    if whole.subnet_of(hole):
        return []
    return list(whole.address_exclude(hole)) if hole.subnet_of(whole) else [whole]
