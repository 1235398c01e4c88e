"""Hostile inputs: the time in which each is answered or refused, and in which `/healthz` answers meanwhile.

The server runs over HTTP, before the stand-in for the API that gives it the script of the load test.
"""

import asyncio
import time
from dataclasses import dataclass

import httpx
from hostile_inputs import HostileInput, hostile_inputs
from lab import Lab
from payloads import SMALL_SCRIPT
from peers import OURS, Served
from session import PeerFailed
from table import line, shown
from upstream import SMALL

_PATIENCE = 120
_EVERY = 0.01
# The first call of a tool pays for what is loaded then.
_WARM = [
    HostileInput("", "lint_script", {"script": SMALL_SCRIPT}),
    HostileInput("", "upload_load_test_script", {"load_test_id": SMALL, "script": SMALL_SCRIPT + "//"}),
    HostileInput("", "start_load_test", stored=SMALL_SCRIPT.encode()),
    HostileInput("", "download_load_test_script"),
    HostileInput("", "validate_options", {"options": {}}),
]
_HEAD = ("input", "tool", "answered or refused in, ms", "`/healthz` meanwhile, at most, ms", "answer")


@dataclass(frozen=True)
class Met:
    """What came of an input: milliseconds until its answer, the longest that `/healthz` took, and a word."""

    input: HostileInput
    took: float
    delay: float
    answer: str


async def measure(lab: Lab) -> str:
    """The table of all inputs. The targets are 2,000 ms for an answer, and 100 ms for `/healthz`."""
    peer = next(peer for peer in lab.peers if peer.name == OURS)
    async with peer.on_http(lab.era) as served, httpx.AsyncClient(timeout=_PATIENCE) as http:
        for warm in _WARM:
            await _meet(lab, served, http, warm)
        met = [await _meet(lab, served, http, hostile) for hostile in hostile_inputs()]
    return rendered(met)


def rendered(met: list[Met]) -> str:
    """The table of what came of inputs."""
    head = [line(_HEAD), line(["---", "---", "---:", "---:", "---"])]
    rows = [
        line([one.input.what, f"`{one.input.tool}`", shown(one.took), shown(one.delay), one.answer])
        for one in met
    ]
    return "\n".join(["Hostile inputs (targets: 2,000 ms and 100 ms)", "", *head, *rows])


async def _meet(lab: Lab, served: Served, http: httpx.AsyncClient, hostile: HostileInput) -> Met:
    if hostile.stored is not None:
        await http.put(f"{lab.upstream}/cloud/v6/load_tests/{SMALL}/script", content=hostile.stored)
    delays: list[float] = []
    watching = asyncio.create_task(_watch(http, served.port, delays))
    begin = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE):
            await served.session.call(hostile.tool, hostile.arguments)
        answer = "answered"
    except PeerFailed:
        answer = "refused"
    except TimeoutError:
        answer = "no answer"
    took = (time.perf_counter() - begin) * 1000
    watching.cancel()
    return Met(hostile, took, max(delays, default=0.0), answer)


async def _watch(http: httpx.AsyncClient, port: int, delays: list[float]) -> None:
    """Ask for the health of the server again and again."""
    while True:
        begin = time.perf_counter()
        await http.get(f"http://127.0.0.1:{port}/healthz")
        delays.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(_EVERY)
