"""The sandbox on its own, over HTTP: long lists, and many readers while a run writes its metrics."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from contents import LAST_TEST, TESTS, fill
from lab import Lab, medians
from peers import SANDBOX, free_port, listening
from pool import Pool
from stdio import running
from table import Row

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.scripts.script import Script

_COUNT = 200
_HEADERS = {"Authorization": "Bearer bench", "X-Stack-Id": "1"}
_NEWEST = "$count=true&$orderby=created desc"
_SCRIPT = b"""
import http from 'k6/http';
export const options = { vus: 5, duration: '5s' };
export default function () { http.get(`${__ENV.SANDBOX_URL}/demo/products`); }
"""


async def measure(lab: Lab) -> list[Row]:
    """Lists and readers, on a sandbox with 1,000 tests and thousands of runs."""
    folder = lab.scratch / "sandbox-filled"
    async with _served(lab, folder):
        pass
    await asyncio.to_thread(fill, folder, lab.pace.runs)
    async with _served(lab, folder) as port:
        return [*await _lists(lab, port), *await _readers(port)]


@asynccontextmanager
async def _served(lab: Lab, folder: Path) -> AsyncGenerator[int, None]:
    peer = next(peer for peer in lab.peers if peer.name == SANDBOX)
    port = free_port()
    env = {**peer.environment, "K6_SANDBOX_DIR": str(folder), "K6_SANDBOX_TOKEN": "bench"}
    command = [*peer.command, "sandbox", "--port", str(port)]
    async with running(command, env, lab.scratch / "sandbox.log") as process:
        await listening(port)
        # The port is open before the sandbox has its seeds: only an answer says that they are there.
        await Pool(port).request("GET", "/cloud/v6/projects", _HEADERS)
        yield port
        process.terminate()
        await process.wait()


async def _lists(lab: Lab, port: int) -> list[Row]:
    last_page = lab.pace.runs - 20
    queries = {
        f"{TESTS:,} tests: the newest 20": f"load_tests?{_NEWEST}&$top=20",
        f"{TESTS:,} tests: by name": f"load_tests?$count=true&name={LAST_TEST}",
        f"{TESTS:,} tests: 20 after {TESTS - 20}": f"load_tests?{_NEWEST}&$top=20&$skip={TESTS - 20}",
        f"{lab.pace.runs:,} runs: the first 20": "test_runs?$count=true&$top=20",
        f"{lab.pace.runs:,} runs: since a date": "test_runs?$count=true&$top=20&created_after=2026-03-20T00:00:00Z",
        f"{lab.pace.runs:,} runs: 20 after {last_page:,}": f"test_runs?$count=true&$top=20&$skip={last_page}",
        "runs of one test: the newest 20": f"load_tests/1/test_runs?{_NEWEST}&$top=20",
        f"{TESTS:,} tests: all in one page": "load_tests?$count=true",
        f"{lab.pace.runs:,} runs: 1,000 in one page": "test_runs?$count=true",
    }
    pool = Pool(port)
    gets = {what: partial(_get, pool, path) for what, path in queries.items()}
    took = await medians(gets, lab.pace.turns * 5)
    pool.close()
    return [
        Row(f"sandbox, {what}, ms", {SANDBOX: value}, "" if "one page" in what else "≤ 20")
        for what, value in took.items()
    ]


async def _get(pool: Pool, path: str) -> float:
    begin = time.perf_counter()
    response = await pool.request("GET", f"/cloud/v6/{quote(path, '/?&=:,$')}", _HEADERS)
    assert response.status == 200, response
    return (time.perf_counter() - begin) * 1000


@dataclass
class _Readers:
    """Readers that never pause; what they were answered, and how long each answer took in ms."""

    pool: Pool
    answers: Counter[str] = field(default_factory=Counter[str])
    latencies: list[float] = field(default_factory=list[float])
    done: bool = False

    async def read(self, path: str) -> None:
        """Read one document again and again."""
        while not self.done:
            begin = time.perf_counter()
            try:
                self.answers[str((await self.pool.request("GET", path, _HEADERS)).status)] += 1
            except (OSError, EOFError) as error:
                self.answers[type(error).__name__] += 1
            self.latencies.append((time.perf_counter() - begin) * 1000)


async def _readers(port: int) -> list[Row]:
    """Readers at work from the moment a run begins until it has ended."""
    readers = _Readers(Pool(port))
    async with connect(Credentials("bench", 1), f"http://127.0.0.1:{port}") as http:
        k6 = K6Cloud(http)
        with Script.from_chunks([_SCRIPT]) as script:
            test = await k6.load_tests.create(1, "Read while it runs", script)
        run = await k6.load_tests.start(test.id)
        async with asyncio.TaskGroup() as tasks:
            for number in range(_COUNT):
                tasks.create_task(readers.read(_path(number, test.id, run.id)))
            while not (found := await k6.test_runs.get(run.id)).is_final:
                await asyncio.sleep(0.2)
            readers.done = True
    readers.pool.close()
    what = f"sandbox, {_COUNT} readers while a run writes metrics"
    total = sum(readers.answers.values())
    return [
        Row(f"{what}: the run's result", {SANDBOX: found.result or found.status}, "passed"),
        Row(f"{what}: answers", {SANDBOX: total}),
        Row(f"{what}: answers other than 200", {SANDBOX: total - readers.answers["200"]}, "0"),
        Row(f"{what}: latency, ms", {SANDBOX: statistics.median(readers.latencies)}),
    ]


def _path(number: int, test_id: int, run_id: int) -> str:
    """What a reader reads: one of the documents that change while a run is under way."""
    paths = (
        f"/cloud/v6/test_runs/{run_id}",
        f"/cloud/v6/load_tests/{test_id}/test_runs",
        f"/cloud/v5/test_runs/{run_id}/metrics",
        "/cloud/v6/load_tests?$top=20",
    )
    return paths[number % len(paths)]
