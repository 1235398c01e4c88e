"""Large scripts: one megabyte of JavaScript, and an archive of twenty, read and replaced over stdio."""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from answers import arguments_for
from lab import Lab, in_turns
from payloads import archive, large_script, varied
from peers import DIRECT, GENERATED, SANDBOX, Peer, Served
from session import Json, PeerFailed, data_of
from table import Row
from upstream import ARCHIVE, LARGE

_PART = 200_000
_PATIENCE = 120
_variants = itertools.count(1)


@dataclass(frozen=True)
class Cost:
    """What one operation took: milliseconds, and megabytes the server grew by at its peak."""

    took: float
    growth: float


Operation = Callable[[Peer, Served], Awaitable[None]]


async def measure(lab: Lab) -> list[Row]:
    """Time for each operation, and growth for the archive. Each turn has a fresh server."""
    await _fill_sandbox(lab)
    rows: list[Row] = []
    for what, operation, direct in (
        ("read a 1 MB script whole", _read_large, _get_large),
        ("replace a 1 MB script", _replace_large, _put_large),
        ("replace a 20 MB archive", _replace_archive, _put_archive),
        ("read a 20 MB archive", _read_archive, _get_archive),
    ):
        costs = await _costs(lab, operation)
        took: dict[str, float | str] = {name: _median(own, "took") for name, own in costs.items()}
        took[DIRECT] = await _direct(lab, direct)
        rows.append(Row(f"{what}, ms", took))
        if "archive" in what:
            growth = {name: _median(own, "growth") for name, own in costs.items()}
            rows.append(Row(f"{what}, growth, MB", growth, "≤ 60"))
    return rows


async def _fill_sandbox(lab: Lab) -> None:
    """Give the sandbox the scripts that the stand-in has from the start."""
    for peer in lab.peers:
        if peer.name == SANDBOX:
            async with peer.on_stdio(lab.era) as served:
                await _replace_large(peer, served)
                await _replace_archive(peer, served)


async def _costs(lab: Lab, operation: Operation) -> dict[str, list[Cost | str]]:
    turns = {peer.name: partial(_turn, lab, peer, operation) for peer in lab.peers}
    return await in_turns(turns, lab.pace.payload_turns)


async def _turn(lab: Lab, peer: Peer, operation: Operation) -> Cost | str:
    async with peer.on_stdio(lab.era) as served:
        # The first call opens the sandbox: that is a cost of the start.
        await served.session.call("get_load_test", arguments_for(peer.name, {"load_test_id": LARGE}))
        before, begin = served.megabytes(), time.perf_counter()
        try:
            async with _peak(served) as peak, asyncio.timeout(_PATIENCE):
                await operation(peer, served)
        except (PeerFailed, TimeoutError):
            return "refused"
        return Cost((time.perf_counter() - begin) * 1000, max(peak) - before)


@asynccontextmanager
async def _peak(served: Served) -> AsyncGenerator[list[float], None]:
    """Memory of the server, sampled all the time."""
    samples = [served.megabytes()]

    async def sample() -> None:
        while True:
            samples.append(served.megabytes())
            await asyncio.sleep(0.005)

    task = asyncio.create_task(sample())
    try:
        yield samples
    finally:
        task.cancel()


def _median(costs: list[Cost | str], field: str) -> float | str:
    measured = [getattr(cost, field) for cost in costs if isinstance(cost, Cost)]
    return statistics.median(measured) if measured else "refused"


async def _read_large(peer: Peer, served: Served) -> None:
    arguments = arguments_for(peer.name, {"load_test_id": LARGE})
    offset: int | None = 0
    while offset is not None:
        part: Json = {"offset": offset, "max_bytes": _PART} if peer.is_ours else {}
        result = await served.session.call("download_load_test_script", {**arguments, **part})
        offset = data_of(result).get("next_offset")


async def _replace_large(peer: Peer, served: Served) -> None:
    await _replace(peer, served, LARGE, {"script": varied(large_script(), next(_variants))})


async def _replace_archive(peer: Peer, served: Served) -> None:
    """Ours takes the file by its path; a peer that knows only arguments gets the archive as a string."""
    content = varied(archive(), next(_variants))
    if peer.is_ours:
        path = peer.scratch / "load.tar"
        path.write_text(content)
        await _replace(peer, served, ARCHIVE, {"script_path": str(path)})
    else:
        await _replace(peer, served, ARCHIVE, {"script": content})


async def _read_archive(peer: Peer, served: Served) -> None:
    arguments = arguments_for(peer.name, {"load_test_id": ARCHIVE})
    await served.session.call("download_load_test_script", arguments)


async def _replace(peer: Peer, served: Served, test_id: int, script: Json) -> None:
    """Replace a script, and confirm it where that is asked for."""
    if peer.name == GENERATED:
        script = {"body": script["script"]}
    arguments = {**arguments_for(peer.name, {"load_test_id": test_id}), **script}
    answer = data_of(await served.session.call("upload_load_test_script", arguments))
    if token := answer.get("confirmation_token"):
        await served.session.call("upload_load_test_script", {**arguments, "confirmation_token": token})


async def _direct(lab: Lab, operation: Callable[[httpx.AsyncClient], Awaitable[object]]) -> float:
    samples: list[float] = []
    async with httpx.AsyncClient(base_url=f"{lab.upstream}/cloud/v6", timeout=_PATIENCE) as http:
        for _ in range(lab.pace.payload_turns):
            begin = time.perf_counter()
            await operation(http)
            samples.append((time.perf_counter() - begin) * 1000)
    return statistics.median(samples)


async def _get_large(http: httpx.AsyncClient) -> object:
    return await http.get(f"/load_tests/{LARGE}/script")


async def _put_large(http: httpx.AsyncClient) -> object:
    return await http.put(f"/load_tests/{LARGE}/script", content=varied(large_script(), next(_variants)))


async def _get_archive(http: httpx.AsyncClient) -> object:
    return await http.get(f"/load_tests/{ARCHIVE}/script")


async def _put_archive(http: httpx.AsyncClient) -> object:
    return await http.put(f"/load_tests/{ARCHIVE}/script", content=varied(archive(), next(_variants)))
