"""The proxy for an address, as the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.

httpx reads them too, but raises from deep inside for values that other programs take: `socks://`, or a bracketed
IPv6 address or an IPv6 network in `NO_PROXY`.
"""

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.request import getproxies

import httpx

from k6_cloud.config.addresses import is_loopback
from k6_cloud.errors import ConfigurationError

_SCHEMES = {"http", "https", "socks5", "socks5h"}
# curl's and GNOME's name for it.
_SAME = {"socks": "socks5"}


def proxy_for(address: str, environment: Mapping[str, str] = os.environ) -> httpx.Proxy | None:
    """The proxy to reach `address` by; None to reach it directly, as always on this machine.

    Raises ConfigurationError for a proxy that cannot be used. It names the variable, never its value, in which a
    password may be.
    """
    url = httpx.URL(address)
    given = getproxies()
    if is_loopback(url.host) or is_exempt(url.host, url.port, given.get("no", "")):
        return None
    for kind in (url.scheme, "all"):
        if value := given.get(kind):
            return _proxy(value, _variable(kind, environment))
    return None


def _proxy(value: str, variable: str) -> httpx.Proxy:
    scheme, mark, rest = value.strip().partition("://")
    if not mark:
        scheme, rest = "http", value.strip()
    scheme = _SAME.get(scheme.lower(), scheme.lower())
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            f"{variable} names a proxy of a kind that cannot be used. The kinds are {', '.join(sorted(_SCHEMES))}. "
            f"Change {variable}, or exempt the address with NO_PROXY."
        )
    try:
        proxy = httpx.Proxy(f"{scheme}://{rest}")
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or not proxy.url.host or "%" in proxy.url.host:
        raise ConfigurationError(
            f"{variable} does not name a proxy like http://proxy.example:3128. Correct it, or exempt the address with "
            "NO_PROXY."
        ) from None
    return proxy


def _variable(kind: str, environment: Mapping[str, str]) -> str:
    """The variable that a proxy came from, in the spelling that is set."""
    names = (f"{kind}_proxy", f"{kind}_PROXY".upper())
    return next((name for name in names if environment.get(name)), "the system's proxy setting")


def is_exempt(host: str, port: int | None, exempt: str) -> bool:
    """Whether a host is among those of `exempt`, the value of `NO_PROXY`: names with their subdomains, addresses, networks."""
    entries = [entry.strip().lower() for entry in exempt.split(",")]
    return any(_covers(entry, host.lower(), port) for entry in entries if entry)


def _covers(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    entry = entry.partition("://")[2] or entry
    name, only = _split(entry)
    if only is not None and only != port:
        return False
    if (address := _address(host)) is not None:
        return _is_in(address, name)
    name = name.removeprefix("*").lstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split(entry: str) -> tuple[str, int | None]:
    """The name or address of an entry, and its port if it has one."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        port = rest.removeprefix(":")
        # Some write the length of a network behind the bracket.
        return (
            (name + rest, None) if rest.startswith("/") else (name, int(port) if port.isdecimal() else None)
        )
    name, mark, port = entry.rpartition(":")
    if mark and port.isdecimal() and ":" not in name:
        return name, int(port)
    return entry, None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None


def _is_in(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False
