import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.execution import execute
from k6_runner.limits import RunLimits

_SCRIPT = """
import { sleep } from 'k6';
export const options = { duration: '1m' };
export default () => sleep(60);
export const teardown = () => { while (true) {} };
"""
_SERVER = """
import sys
import anyio
from k6_cloud.scripts.script import Script
from k6_runner.binary import find_k6
from k6_runner.execution import execute
from k6_runner.limits import RunLimits

async def main(source, mark):
    with Script.from_chunks([source.encode()]) as script:
        await execute(await find_k6(), script, RunLimits(), {"MARK": mark}, stop=anyio.Event(), started=lambda: None)

anyio.run(main, *sys.argv[1:])
"""


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


def _k6_processes(mark: str) -> Iterator[psutil.Process]:
    """The k6 and its supervisor: both carry the mark in their arguments."""
    for process in psutil.process_iter():
        try:
            if f"MARK={mark}" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


async def _started(mark: str) -> Path:
    """Wait for k6 and its supervisor; the answer is their private directory."""
    with anyio.fail_after(20):
        while len(found := list(_k6_processes(mark))) < 2:
            await anyio.sleep(0.05)
        return Path(found[0].cwd())


async def _gone(mark: str) -> None:
    with anyio.fail_after(5):
        while list(_k6_processes(mark)):
            await anyio.sleep(0.05)


async def test_no_k6_and_no_file_survives_a_server_that_is_killed(mark: str):
    async with await anyio.open_process([sys.executable, "-c", _SERVER, _SCRIPT, mark]) as server:
        directory = await _started(mark)
        server.kill()
    await _gone(mark)
    assert not directory.exists()


async def test_a_cancelled_run_ends_k6_before_the_cancellation_goes_on(k6: K6, mark: str):
    directories: list[Path] = []

    async def run() -> None:
        with Script.from_chunks([_SCRIPT.encode()]) as script:
            await execute(k6, script, RunLimits(), {"MARK": mark}, stop=anyio.Event(), started=lambda: None)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        directories.append(await _started(mark))
        tasks.cancel_scope.cancel()
    assert list(_k6_processes(mark)) == []
    assert not directories[0].exists()


async def test_a_command_that_is_not_there_is_named(tmp_path: Path):
    missing = K6(str(tmp_path / "k6"), "v1.0.0", 1)
    with Script.from_chunks([b"export default () => {}"]) as script:
        outcome = await execute(missing, script, RunLimits(), {}, stop=anyio.Event(), started=lambda: None)
    assert (outcome.status, outcome.result) == ("aborted", "error")
    assert "cannot be started: No such file or directory" in (outcome.message or "")
