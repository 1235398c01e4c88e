"""Latency, processor time and throughput of one simple call, over stdio and HTTP."""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from answers import arguments_for
from lab import Lab, Transport, in_turns
from peers import DIRECT, Served
from table import Row

_AT_ONCE = (1, 16, 64)


@dataclass(frozen=True)
class Turn:
    """What one turn of calls gave: the median latency and the processor time of a call in ms, and calls per second."""

    latency: float
    cpu: float
    rate: float


@dataclass(frozen=True)
class Subject:
    """Something to call, and how much processor time it has used."""

    call: Callable[[], Awaitable[object]]
    cpu_seconds: Callable[[], float]

    async def turn(self, count: int, at_once: int) -> Turn:
        """Make `count` calls, `at_once` of them at a time."""
        latencies: list[float] = []
        left = iter(range(count))

        async def work() -> None:
            for _ in left:
                begin = time.perf_counter()
                await self.call()
                latencies.append(time.perf_counter() - begin)

        busy, begin = self.cpu_seconds(), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(work())
        took = time.perf_counter() - begin
        cpu = self.cpu_seconds() - busy
        return Turn(statistics.median(latencies) * 1000, cpu * 1000 / count, count / took)


async def measure(lab: Lab) -> list[Row]:
    """Rows for both transports."""
    return [*await _over(lab, "stdio"), *await _over(lab, "HTTP")]


async def _over(lab: Lab, transport: Transport) -> list[Row]:
    rows: list[Row] = []
    async with lab.serving(transport) as served, _direct(lab) as direct:
        subjects = {name: _subject(name, one) for name, one in served.items()}
        for at_once in _AT_ONCE:
            count = lab.pace.calls * (1 if at_once == 1 else 2)
            turns = {
                name: partial(subject.turn, count, at_once)
                for name, subject in {**subjects, DIRECT: direct}.items()
            }
            await in_turns(turns, 1)
            rows += _rows(transport, at_once, await in_turns(turns, lab.pace.turns))
    return rows


def _rows(transport: Transport, at_once: int, turns: dict[str, list[Turn]]) -> list[Row]:
    rates = {name: statistics.median(turn.rate for turn in own) for name, own in turns.items()}
    target = "≥ 0.9x" if at_once == 16 else ""
    rows = [Row(f"get over {transport}, {at_once} at once, calls/s", rates, target)]
    if at_once == 1:
        latencies = {name: statistics.median(turn.latency for turn in own) for name, own in turns.items()}
        cpu = {name: statistics.median(turn.cpu for turn in own) for name, own in turns.items()}
        rows = [
            Row(f"get over {transport}, latency, ms", latencies, "≤ 1.15x"),
            Row(f"get over {transport}, processor time a call, ms", cpu),
            *rows,
        ]
    return rows


def _subject(name: str, served: Served) -> Subject:
    arguments = arguments_for(name, {"load_test_id": 1})
    return Subject(lambda: served.session.call("get_load_test", arguments), served.cpu_seconds)


@asynccontextmanager
async def _direct(lab: Lab) -> AsyncGenerator[Subject, None]:
    headers = {"Authorization": "Bearer bench", "X-Stack-Id": "1"}
    async with httpx.AsyncClient(base_url=lab.upstream, headers=headers) as http:
        yield Subject(lambda: http.get("/cloud/v6/load_tests/1"), time.process_time)
