"""Cold start: from the start of the process until `tools/list` is answered on stdio."""

import time
from functools import partial

from lab import Lab, medians
from peers import Peer
from table import Row


async def measure(lab: Lab) -> list[Row]:
    """One row. The first start of each peer, which may compile bytecode or seed a sandbox, does not count."""
    starts = {peer.name: partial(_start, lab, peer) for peer in lab.peers}
    for start in starts.values():
        await start()
    cells = await medians(starts, lab.pace.starts)
    return [Row("cold start to `tools/list` on stdio, s", cells, "≤ 1.15x, sandbox ≤ 1.35x")]


async def _start(lab: Lab, peer: Peer) -> float:
    begin = time.perf_counter()
    async with peer.on_stdio(lab.era) as served:
        await served.session.list_tools()
        return time.perf_counter() - begin
