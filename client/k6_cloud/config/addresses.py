"""Addresses to which a token may be sent."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit


def safe_address(address: str) -> str:
    """Return an address without its last slash. Raises ValueError if the token would travel readable for others."""
    parts = urlsplit(address)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    ):
        return address.rstrip("/")
    raise ValueError(
        "must be an https:// address (http:// only on this machine), so that the token stays secret"
    )


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or a name below it, or a loopback address, IPv6 with brackets or without."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
