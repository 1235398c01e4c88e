"""The trace of a start, and what it may send."""

import sys
from pathlib import Path

import anyio
import pytest

TRACE = Path(__file__).parents[2] / "bench" / "trace_start.py"
MOST_REQUESTS = 12
pytestmark = pytest.mark.skipif(not TRACE.exists(), reason="the benchmarks are in a checkout only")


async def test_a_start_under_a_policy_reads_nothing_twice_in_a_step():
    process = await anyio.run_process([sys.executable, str(TRACE), "--all"], check=True)
    counts, _, details = process.stdout.decode().partition("\n\n")
    requests = details.partition("\n\n")[0].splitlines()
    assert counts.startswith(f"requests: {len(requests)} ")
    assert len(requests) <= MOST_REQUESTS
    assert requests[-1] == "POST /load_tests/7/start"
    # The act reads again what was confirmed: the test and its script.
    assert sorted(requests[-3:]) == [
        "GET /load_tests/7",
        "GET /load_tests/7/script",
        "POST /load_tests/7/start",
    ]
    assert requests.count("GET /load_tests/7") == requests.count("GET /load_tests/7/script") == 2
