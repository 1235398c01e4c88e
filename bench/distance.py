"""Calls per second over a real distance: `python bench/distance.py [MILLISECONDS] [CALLS]`.

One HTTP process before an API that takes 150 ms for each request, as Grafana Cloud does from afar. The table goes into
docs/benchmarks.md by hand.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from machine import described
from peers import free_port, listening
from session import Session
from streamable import HttpWire

HERE = Path(__file__).parent
AT_ONCE = (16, 64, 128, 256)


@dataclass(frozen=True)
class Turn:
    """The result of calls at once: calls per second, latencies in ms, processor time of the server for a call in ms."""

    at_once: int
    rate: float
    median: float
    p99: float
    cpu: float


def main(milliseconds: int, calls: int) -> None:
    """Measure and print a table."""
    print(described("2026-07-28"))  # noqa: T201
    with tempfile.TemporaryDirectory() as scratch, _upstream(milliseconds) as upstream:
        turns = asyncio.run(_measure(upstream, Path(scratch), calls))
    print(_table(milliseconds, turns))  # noqa: T201


async def _measure(upstream: str, scratch: Path, calls: int) -> Sequence[Turn]:
    port = free_port()
    with _server(upstream, port, scratch) as process:
        await listening(port)
        wire = HttpWire(port, "2026-07-28")
        session = Session(wire.send, "2026-07-28")
        await session.open()
        server = psutil.Process(process.pid)
        await _turn(session, server, max(AT_ONCE), 2 * max(AT_ONCE))
        turns = [await _turn(session, server, at_once, calls) for at_once in AT_ONCE]
        wire.close()
    return turns


async def _turn(session: Session, server: psutil.Process, at_once: int, calls: int) -> Turn:
    left, latencies = iter(range(calls)), list[float]()

    async def work() -> None:
        for _ in left:
            begun = time.perf_counter()
            await session.call("get_load_test", {"load_test_id": 1})
            latencies.append(time.perf_counter() - begun)

    busy, begun = _cpu_seconds(server), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(work())
    took = time.perf_counter() - begun
    ordered = sorted(latencies)
    return Turn(
        at_once,
        calls / took,
        ordered[calls // 2] * 1000,
        ordered[calls * 99 // 100] * 1000,
        (_cpu_seconds(server) - busy) * 1000 / calls,
    )


def _cpu_seconds(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def _table(milliseconds: int, turns: Sequence[Turn]) -> str:
    head = (
        f"| calls at once, the API takes {milliseconds} ms | calls/s | median | p99 | processor time a call |"
    )
    rows = [
        f"| {turn.at_once} | {turn.rate:.0f} | {turn.median:.0f} ms | {turn.p99:.0f} ms | {turn.cpu:.2f} ms |"
        for turn in turns
    ]
    return "\n".join(["", head, "| ---: | ---: | ---: | ---: | ---: |", *rows])


@contextmanager
def _upstream(milliseconds: int) -> Generator[str, None, None]:
    command = [sys.executable, str(HERE / "upstream.py"), str(milliseconds)]
    with _running(command, os.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def _server(upstream: str, port: int, scratch: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    settings = {
        "K6_CLOUD_HOST_V6": upstream,
        "K6_CLOUD_TOKEN": "bench",
        "K6_CLOUD_STACK_ID": "1",
        "K6_MCP_STATE_DIR": str(scratch),
        "K6_MCP_MAX_CALLS": "1000",
        "K6_MCP_MAX_CALLS_IN_ALL": "1000",
        "K6_MCP_MAX_CALLS_PER_MINUTE": "10000000",
    }
    command = [sys.executable, "-m", "k6_cloud_mcp", "serve", "--transport", "http", "--port", str(port)]
    with _running(command, {**os.environ, **settings}, stderr=subprocess.DEVNULL) as process:
        yield process


@contextmanager
def _running(
    command: Sequence[str],
    environment: Mapping[str, str],
    stdout: int | None = None,
    stderr: int | None = None,
) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen(command, env=dict(environment), stdout=stdout, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*given, *(150, 5_000)[len(given) :])
