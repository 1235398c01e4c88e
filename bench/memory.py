"""Memory of a server after its start, and after thousands of calls."""

from answers import arguments_for
from calls import Subject
from lab import Lab
from peers import Peer
from table import Row


async def measure(lab: Lab) -> list[Row]:
    """Two rows, each server fresh on stdio."""
    found = {peer.name: await _megabytes(lab, peer) for peer in lab.peers}
    calls = f"{lab.pace.long_run:,}"
    return [
        Row("memory after start, MB", {name: first for name, (first, _) in found.items()}, "≤ 1.25x"),
        Row(f"memory after {calls} calls, MB", {name: last for name, (_, last) in found.items()}, "≤ 1.25x"),
    ]


async def _megabytes(lab: Lab, peer: Peer) -> tuple[float, float]:
    arguments = arguments_for(peer.name, {"load_test_id": 1})
    async with peer.on_stdio(lab.era) as served:
        await served.session.list_tools()
        first = served.megabytes()
        subject = Subject(lambda: served.session.call("get_load_test", arguments), served.cpu_seconds)
        await subject.turn(lab.pace.long_run, 16)
        return first, served.megabytes()
