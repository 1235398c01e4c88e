"""Cold start: from the start of the process until `tools/list`, and then a first call, is answered on stdio."""

import time
from functools import partial

from answers import arguments_for
from lab import Lab, medians
from peers import Peer
from table import Row


async def measure(lab: Lab) -> list[Row]:
    """Two rows. The first start of each peer, which may compile bytecode or seed a sandbox, does not count."""
    for peer in lab.peers:
        await _start(lab, peer, calls=True)
    listed = {peer.name: partial(_start, lab, peer, calls=False) for peer in lab.peers}
    called = {peer.name: partial(_start, lab, peer, calls=True) for peer in lab.peers}
    return [
        Row(
            "cold start to `tools/list` on stdio, s",
            await medians(listed, lab.pace.starts),
            "≤ 1.15x, sandbox ≤ 1.35x",
        ),
        Row("cold start to a first get on stdio, s", await medians(called, lab.pace.starts)),
    ]


async def _start(lab: Lab, peer: Peer, *, calls: bool) -> float:
    begin = time.perf_counter()
    async with peer.on_stdio(lab.era) as served:
        await served.session.list_tools()
        if calls:
            await served.session.call("get_load_test", arguments_for(peer.name, {"load_test_id": 1}))
        return time.perf_counter() - begin
