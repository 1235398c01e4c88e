"""The network of runs in tests."""

from k6_cloud.scripts.endpoints import Endpoint
from k6_cloud.scripts.reach import NetworkRules, Reach, opening_of, reach_of
from k6_cloud.scripts.targets import Targets


def to_port(port: int, *openings: str) -> Reach:
    """What a run reaches if its demo target listens on `port`, and an operator opened some hosts."""
    rules = NetworkRules(Endpoint("127.0.0.1", port), tuple(map(opening_of, openings)))
    return reach_of(Targets((), computed=False), rules)
