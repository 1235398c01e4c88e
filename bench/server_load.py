"""Three replicas behind HAProxy under load from the real k6: `python bench/server_load.py [CALLS] [VUS]`.

The API is `bench/upstream.py`, which answers at once. Memory is read at several counts of calls, so that growth shows.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from machine import described
from peers import free_port

HERE = Path(__file__).parent
REPLICAS = 3
STEPS = 5
MIB = 1 << 20


@dataclass(frozen=True)
class Step:
    """What one part of the load cost: calls, seconds, CPU seconds of all replicas, their memory at the end."""

    calls: int
    seconds: float
    cpu_seconds: float
    rss_mib: Sequence[float]
    metrics: dict[str, Any]


def main(calls: int, vus: int) -> None:
    """Run the load in steps and print a table."""
    print(described("2026-07-28"))  # noqa: T201
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = stack.enter_context(_upstream())
        replicas = [stack.enter_context(_replica(upstream, scratch)) for _ in range(REPLICAS)]
        url = stack.enter_context(_balancer([port for port, _ in replicas]))
        processes = [psutil.Process(process.pid) for _, process in replicas]
        _load(url, vus * 50, vus, processes, scratch)
        steps = [_load(url, calls // STEPS, vus, processes, scratch) for _ in range(STEPS)]
    print(_table(steps, vus))  # noqa: T201


def _load(url: str, calls: int, vus: int, replicas: Sequence[psutil.Process], scratch: Path) -> Step:
    summary = scratch / "summary.json"
    environment = {"URL": url, "CALLS": str(calls), "VUS": str(vus), "SUMMARY": str(summary)}
    before, begun = _cpu_seconds(replicas), time.perf_counter()
    subprocess.run(
        ["k6", "run", "--quiet", "--no-usage-report", str(HERE / "server_load.js")],
        env={**os.environ, **environment},
        check=True,
    )
    seconds, cpu = time.perf_counter() - begun, _cpu_seconds(replicas) - before
    memory = [one.memory_info().rss / MIB for one in replicas]
    return Step(calls, seconds, cpu, memory, json.loads(summary.read_text("utf-8")))


def _cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def _table(steps: Sequence[Step], vus: int) -> str:
    lines = [
        "",
        f"| calls so far | calls per second ({vus} at once) | median | p99 | CPU per call | memory of each replica |",
        "| ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    done = 0
    for step in steps:
        done += step.calls
        times = step.metrics["http_req_duration"]["values"]
        memory = ", ".join(f"{one:.0f}" for one in step.rss_mib)
        lines.append(
            f"| {done:,} | {step.calls / step.seconds:.0f} | {times['med']:.0f} ms | {times['p(99)']:.0f} ms "
            f"| {step.cpu_seconds / step.calls * 1000:.2f} ms | {memory} MiB |"
        )
    return "\n".join(lines)


@contextmanager
def _upstream() -> Generator[str, None, None]:
    command = [sys.executable, str(HERE / "upstream.py")]
    with _running(command, os.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def _replica(upstream: str, scratch: Path) -> Generator[tuple[int, subprocess.Popen[bytes]], None, None]:
    port = free_port()
    settings = {
        "K6_CLOUD_HOST_V6": upstream,
        "K6_CLOUD_TOKEN": "bench",
        "K6_CLOUD_STACK_ID": "1",
        "K6_MCP_SHARED_KEY": "a key of more than thirty-two characters",
        "K6_MCP_STATE_DIR": str(scratch / "state"),
        "K6_MCP_MAX_CALLS": "1000",
        "K6_MCP_MAX_CALLS_PER_MINUTE": "10000000",
    }
    command = [sys.executable, "-m", "k6_cloud_mcp", "serve", "--transport", "http", "--port", str(port)]
    with _running(command, {**os.environ, **settings}, stderr=subprocess.DEVNULL) as process:
        _wait(f"http://127.0.0.1:{port}/readyz")
        yield port, process


@contextmanager
def _balancer(ports: Sequence[int]) -> Generator[str, None, None]:
    bind = f"127.0.0.1:{free_port()}"
    names = {f"K6_MCP_REPLICA_{place}": f"127.0.0.1:{port}" for place, port in enumerate(ports, 1)}
    command = ["haproxy", "-db", "-q", "-f", str(HERE.parent / "deploy" / "haproxy.cfg")]
    environment = {**os.environ, **names, "K6_MCP_BIND": bind, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    with _running(command, environment, stdout=subprocess.DEVNULL):
        _wait(f"http://{bind}/readyz")
        yield f"http://{bind}/mcp"


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


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*given, *(100_000, 32)[len(given) :])
