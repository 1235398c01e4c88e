"""What k6 writes with `--out json`, and runs that were measured from it."""

import json
from datetime import UTC, datetime
from secrets import token_hex

from k6_cloud.models import TestRun
from k6_cloud_sandbox.store.store import Store
from k6_runner.capture.meter import Meter

BEGIN = 1_800_000_000
OWNER = "tests"


def metric(name: str, kind: str) -> bytes:
    """The line that declares a metric."""
    data = {"name": name, "type": kind, "contains": "default"}
    return _line({"type": "Metric", "data": data, "metric": name})


def point(name: str, second: float, value: float, /, **tags: str) -> bytes:
    """The line of a value, `second` seconds after BEGIN."""
    data = {"time": f"{_moment(second)}123Z", "value": value, "tags": tags}
    return _line({"metric": name, "type": "Point", "data": data})


def measured(store: Store, *lines: bytes, test_id: int | None = None, seconds: float = 10) -> TestRun:
    """A run, of a new test where none is given, that ran for `seconds` seconds from BEGIN on while k6 wrote `lines`."""
    test_id = test_id or store.load_tests.create(1, f"test {token_hex(4)}").id
    run_id = store.runs.start(test_id).id
    assert store.queue.claim(OWNER, 99) == run_id
    meter = Meter()
    meter.feed(b"".join(lines))
    store.queue.record(run_id, OWNER, meter.take(float("inf")))
    history = [("created", 0), ("running", 0), ("processing_metrics", seconds)]
    entries = [{"type": status, "entered": f"{_moment(second)}Z"} for status, second in history]
    store.queue.enter(run_id, OWNER, "processing_metrics", {"status_history": entries})
    return store.runs.get(run_id)


def _moment(second: float) -> str:
    return datetime.fromtimestamp(BEGIN + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _line(entry: dict[str, object]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
