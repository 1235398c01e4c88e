"""The network of a run in the sandbox: derived from its script's text and the operator's settings, the same for the
preview of a start and for the run itself.

A run reaches the demo target, the hosts of this machine whose name and port stand in its script, and what
`K6_SANDBOX_ALLOW_HOSTS` opens. It never reaches the ports of our own servers or of a k6 that runs elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from k6_cloud.config.addresses import is_loopback
from k6_cloud.scripts.endpoints import LARGEST_PORT, Endpoint, endpoint_of
from k6_cloud.scripts.targets import Target, Targets

EVERYWHERE = "*"
_SETTING = "K6_SANDBOX_ALLOW_HOSTS"
# k6 listens there for commands, unless it is told not to.
_K6_REST = {6565: "k6's own REST API"}


@dataclass(frozen=True)
class Opening:
    """A target that an operator opens to runs: a host name, an address, a network or `*`, on one port or on all."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


@dataclass(frozen=True)
class NetworkRules:
    """The rules that hold for every run. `closed` are ports that no run reaches, each with the service that listens there.

    `limits_ports` is False on a system that can limit addresses alone.
    """

    demo: Endpoint
    openings: tuple[Opening, ...] = ()
    closed: Mapping[int, str] = field(default_factory=dict[int, str])
    limits_ports: bool = True

    @property
    def opens_any_port(self) -> bool:
        """Whether an opening names no port: ports are allowed for all hosts together, so then all are."""
        return any(opening.port is None for opening in self.openings)

    def why_closed(self, port: int | None) -> str | None:
        """Name the service on a port that no run reaches; None for any other port."""
        return (_K6_REST | dict(self.closed)).get(port or 0)


@dataclass(frozen=True)
class Reach:
    """The reach of one run: `hosts` (names, addresses, networks or `*`) on `ports`, None for all but `closed`.

    `browser` is whether it drives a browser, with which k6 speaks on a port that the system chooses. `refused` tells, in
    words, which targets of the script it does not reach.
    """

    hosts: tuple[str, ...]
    ports: frozenset[int] | None
    closed: frozenset[int]
    reached: tuple[str, ...]
    refused: tuple[str, ...]
    browser: bool = False

    @property
    def is_local(self) -> bool:
        """Whether it ends at this machine, so that no name has to be resolved elsewhere."""
        return all(map(_is_local, self.hosts))


# A run that stays by itself.
NOTHING = Reach((), frozenset(), frozenset(), (), ())


def opening_of(text: str) -> Opening:
    """Read an entry of `K6_SANDBOX_ALLOW_HOSTS`. Raises ValueError for what is not a host, a network, `*` or `host:port`."""
    host, port = _without_port(text.strip())
    if host == EVERYWHERE:
        return Opening(host, port)
    try:
        return Opening(str(ip_network(host.strip("[]"), strict=False)), port)
    except ValueError:
        found = endpoint_of(host)
    if found is None or found.host.startswith("*"):
        raise ValueError(f"{text!r} is not a host, an address, a network, `*`, or one of them with a port")
    return Opening(found.host, port)


def reach_of(targets: Targets, rules: NetworkRules) -> Reach:
    """Derive the reach of a run from the targets of its script."""
    judged = [(target, _why_refused(target, rules)) for target in targets.found]
    local = [target.reached for target, why in judged if why is None and target.reached.is_loopback]
    hosts = [rules.demo.host, *(one.host for one in local), *(one.host for one in rules.openings)]
    ports = {one.port for one in (rules.demo, *local, *rules.openings)}
    closed = frozenset({*_K6_REST, *rules.closed})
    return Reach(
        hosts=_unique(*hosts),
        ports=None if rules.opens_any_port else frozenset(port for port in ports if port) - closed,
        closed=closed,
        reached=_unique(*(str(target) for target, why in judged if why is None)),
        refused=_unique(*(f"{target} ({why})" for target, why in judged if why)),
        browser=targets.browser,
    )


def in_words(targets: Targets, reach: Reach, rules: NetworkRules) -> Iterator[str]:
    """Describe in sentences what a run reaches, what it is refused, and what cannot be known.

    The demo target's address is left out: it is another one in each process, and a confirmation holds for all of them.
    """
    yield f"It reaches {', '.join([*reach.reached, 'the demo target'])}."
    if reach.refused:
        yield f"Refused: {'; '.join(reach.refused)}."
    if targets.computed:
        yield f"Hosts and ports that the script computes are refused unless {_SETTING} names them."
    if reach.browser:
        yield "Its browser reaches the ports of this machine that the system gives to programs, too."
    if not rules.limits_ports:
        yield "This system cannot limit ports: on these hosts the run reaches all of them."
    elif reach.ports is None:
        yield f"{_SETTING} opens a host without a port, so the run reaches any port of these hosts, and of this machine but our own."


def _why_refused(target: Target, rules: NetworkRules) -> str | None:
    """The reason why a run does not reach a target; None if it does."""
    reached = target.reached
    if listener := rules.why_closed(reached.port):
        return (
            f"it is {listener}, which runs never reach"
            if reached.is_loopback
            else f"its port is that of {listener} on this machine, and ports are closed for all hosts"
        )
    if any(_opens(opening, reached) for opening in rules.openings):
        return None
    if not reached.is_loopback:
        return _not_named(reached, rules)
    if reached.port or rules.opens_any_port:
        return None
    return f"its port is not in the text; name it in {_SETTING}"


def _not_named(endpoint: Endpoint, rules: NetworkRules) -> str:
    """The reason, which for a name is not the last word: its address may lie in an opened network."""
    outside = [str(one) for one in rules.openings if _is_network(one.host) and not _is_local(one.host)]
    networks = [] if _is_network(endpoint.host) else outside
    unless = f", unless its address is in {' or '.join(networks)}" if networks else ""
    return f"{_SETTING} does not name it{unless}"


def _opens(opening: Opening, endpoint: Endpoint) -> bool:
    """Whether an opening is meant for an endpoint, or for a port of it that the script computes."""
    if None not in (opening.port, endpoint.port) and opening.port != endpoint.port:
        return False
    host = endpoint.host.removesuffix(".")
    if opening.host in (EVERYWHERE, host):
        return True
    return any(_is_within(address, opening.host) for address in _addresses(host))


def _addresses(host: str) -> tuple[str, ...]:
    """The addresses that a host surely has: its own if it is one, those of this machine for `localhost`."""
    return ("127.0.0.1", "::1") if is_loopback(host) and not _is_network(host) else (host.strip("[]"),)


def _is_within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network)
    except ValueError:
        return False


def _is_network(host: str) -> bool:
    try:
        ip_network(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    return ip_network(host.strip("[]")).is_loopback if _is_network(host) else is_loopback(host)


def _without_port(text: str) -> tuple[str, int | None]:
    """The host and the port of `host:port`. Raises ValueError for a port that cannot be."""
    bare_ipv6 = text.count(":") > 1 and not text.startswith("[")
    host, colon, port = text.rpartition(":")
    if bare_ipv6 or not colon or text.endswith("]"):
        return text, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= LARGEST_PORT):
        raise ValueError(f"{text!r} has no valid port; ports are 1 to {LARGEST_PORT}")
    return host, int(port)


def _unique(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
