"""How fast the meter is, and how much disk a run's metrics take: `python bench/metrics_ingest.py [seconds] [rate]`.

Feeds it what k6 writes for `rate` requests per second over `seconds` seconds, by default 100 over ten minutes.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from k6_cloud_sandbox.store.store import Store
from k6_runner.capture.meter import Meter

_TRENDS = ("duration", "blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving")
_TYPES = {
    "http_reqs": "counter",
    **{f"http_req_{name}": "trend" for name in _TRENDS},
    "http_req_failed": "rate",
    "checks": "rate",
    "iterations": "counter",
    "iteration_duration": "trend",
    "data_sent": "counter",
    "data_received": "counter",
    "vus": "gauge",
}


def main(seconds: int = 600, rate: int = 100) -> None:
    """Print rows per second, processor seconds, and megabytes."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "bench.db"
        store = Store(path)
        rows, busy = _ingest(store, seconds, rate)
        store.close()
        size = path.stat().st_size
    speed = f"{rows} rows, {rows / busy:,.0f} rows/s, {busy:.1f} s of processor time"
    print(f"{speed}, {size / 1e6:.2f} MB on disk")  # noqa: T201


def _ingest(store: Store, seconds: int, rate: int) -> tuple[int, float]:
    """Measure a run, with a frame for each second; how many rows that were, and the meter's processor time."""
    project = store.projects.create("Bench", is_default=True)
    run = store.runs.start(store.load_tests.create(project.id, "bench").id)
    store.queue.claim("bench", 1)
    meter, rows, busy = Meter(), 0, 0.0
    for number, block in enumerate(_output(seconds, rate)):
        begin = time.process_time()
        meter.feed(block)
        frame = meter.take(_BEGIN.timestamp() + number)
        busy += time.process_time() - begin
        rows += block.count(b"\n")
        store.queue.record(run.id, "bench", frame)
    return rows, busy


_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def _output(seconds: int, rate: int) -> Iterator[bytes]:
    """k6's output, a second at a time."""
    yield b"".join(_metric(name, kind) for name, kind in _TYPES.items())
    chance = random.Random(1)
    for second in range(seconds):
        yield b"".join(_request(chance, second + place / rate) for place in range(rate)) + _vus(second)


def _request(chance: random.Random, moment: float) -> bytes:
    page = f"http://127.0.0.1:6580/demo/{chance.choice(['products', 'login', 'slow', 'flaky'])}"
    failed = chance.random() < 0.02
    tags = {
        "expected_response": str(not failed).lower(),
        "group": "",
        "method": "GET",
        "name": page,
        "proto": "HTTP/1.1",
        "scenario": "default",
        "status": "500" if failed else "200",
        "url": page,
    }
    lines = [_point("http_reqs", moment, 1, tags), _point("http_req_failed", moment, int(failed), tags)]
    lines += [_point(f"http_req_{name}", moment, chance.lognormvariate(3, 0.6), tags) for name in _TRENDS]
    lines.append(_point("checks", moment, int(not failed), {"check": "answers 200", "scenario": "default"}))
    own = {"group": "", "scenario": "default"}
    lines += [_point(name, moment, 1, own) for name in ("iterations", "data_sent", "data_received")]
    return b"".join([*lines, _point("iteration_duration", moment, chance.lognormvariate(6, 0.3), own)])


def _vus(second: int) -> bytes:
    return _point("vus", second, 10, {})


def _metric(name: str, kind: str) -> bytes:
    data = {"name": name, "type": kind, "contains": "default"}
    return _line({"type": "Metric", "data": data, "metric": name})


def _point(name: str, moment: float, value: float, tags: dict[str, str]) -> bytes:
    written = (_BEGIN + timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return _line({"metric": name, "type": "Point", "data": {"time": written, "value": value, "tags": tags}})


def _line(entry: dict[str, object]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
