"""Addresses to which a token may be sent."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit


def safe_address(address: str) -> str:
    """Return an address without its last slash.

    Raises ValueError if the token would travel readable for others, and for an address without a host or with a secret.
    """
    parts = _parts_of(address)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password: the token is sent in a header of its own")
    if not parts.hostname:
        raise ValueError("names no host; an address is like https://api.k6.io")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return address.rstrip("/")
    raise ValueError(
        "must be an https:// address (http:// only on this machine), so that the token stays secret"
    )


def stack_address(address: str) -> str:
    """Return the address of a Grafana stack, pasted from a browser, without the path of the page.

    Raises ValueError for anything else, without quoting it.
    """
    text = address if "://" in address else f"https://{address}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    is_known = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not is_known or not host or parts.username is not None or not host.isascii():
        raise ValueError("is not the address of a Grafana stack, like https://acme.grafana.net")
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}:{port}" if port else f"{parts.scheme}://{where}"


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


def _parts_of(address: str) -> SplitResult:
    """The parts of an address, with a port that can be. The message of urllib would quote the address, secrets and all."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a valid address; one is like https://api.k6.io") from None
    return parts
