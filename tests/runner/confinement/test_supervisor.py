import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest
from support.confined import SOURCE_ROOT, confined_python

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.confinement.folder_size import size_of
from k6_runner.confinement.supervisor import NOT_CONFINED, TOO_MUCH_WRITTEN
from k6_runner.confinement.terms import Abilities
from k6_runner.execution import execute
from k6_runner.limits import RunLimits

_SCRIPT = """
import { sleep } from 'k6';
export const options = { duration: '1m' };
export default () => sleep(60);
export const teardown = () => { while (true) {} };
"""
_SERVER = """
import os
import subprocess
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


@pytest.mark.parametrize(
    ("pretended", "words"),
    [
        (Abilities(0, True), "no Landlock"),
        (Abilities(9, False), "no seccomp filters"),
        (Abilities(0, False), "no Landlock, which limits the files it reaches (Linux 5.13) and no seccomp"),
    ],
)
def test_nothing_is_started_on_a_machine_that_cannot_confine_it(
    tmp_path: Path, pretended: Abilities, words: str
):
    done = confined_python(tmp_path, "print('ran')", pretended=pretended)
    assert (done.returncode, done.stdout) == (NOT_CONFINED, "")
    assert words in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has these means.")
@pytest.mark.parametrize("pretended", [Abilities(0, True), Abilities(3, False), Abilities(0, False)])
def test_whoever_accepts_that_gets_what_the_machine_can_do(tmp_path: Path, pretended: Abilities):
    code = """
import socket
for name, act in {"files": lambda: open("/etc/hostname"), "sockets": lambda: socket.socket()}.items():
    try:
        act().close()
    except PermissionError:
        print(name)
"""
    done = confined_python(tmp_path, code, pretended=pretended, allow_unconfined=True)
    held = [
        name for name, holds in {"files": pretended.landlock, "sockets": pretended.seccomp}.items() if holds
    ]
    assert (done.returncode, done.stdout.split()) == (0, held), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has these means.")
def test_nothing_is_started_if_a_call_of_the_confinement_fails(tmp_path: Path):
    """A filter of this test's own refuses the calls of Landlock, as an old container runtime does."""
    code = f"""
import struct, sys, ctypes, platform
system = ctypes.CDLL(None, use_errno=True)
# Landlock's calls 445 and 446 answer "operation not permitted"; 444 tells a version, so it is there by all signs.
step = lambda *parts: struct.pack("HBBI", *parts)
program = step(0x20, 0, 0, 0) + step(0x15, 0, 1, {{number}}) + step(6, 0, 0, 0x50001) + step(6, 0, 0, 0x7fff0000)
held = ctypes.create_string_buffer(program, len(program))
system.prctl(38, 1, 0, 0, 0)
system.prctl(22, 2, struct.pack("HxxxxxxQ", 4, ctypes.addressof(held)), 0, 0)
sys.path[:0] = {[str(Path(__file__).parents[2]), str(SOURCE_ROOT)]!r}
from pathlib import Path
from support.confined import confined_python
done = confined_python(Path({str(tmp_path)!r}), "print('ran')")
print(done.returncode, done.stdout, done.stderr)
"""
    for number in (445, 446, {"x86_64": 157, "aarch64": 167}[os.uname().machine]):
        done = subprocess.run(
            [sys.executable, "-c", code.replace("{number}", str(number))],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith(f"{NOT_CONFINED}  "), (number, done.stdout, done.stderr)
        assert "Operation not permitted" in done.stdout


def test_a_command_that_writes_too_much_in_all_is_ended(tmp_path: Path):
    code = """
import time
for number in range(1000):
    open(f"{number}", "w").write("x" * 100_000)
    time.sleep(0.01)
"""
    done = confined_python(
        tmp_path,
        f"import os; os.chdir({str(tmp_path)!r})\n{code}",
        directory_bytes=2_000_000,
        file_bytes=200_000,
    )
    assert done.returncode == TOO_MUCH_WRITTEN
    assert 2_000_000 < size_of(str(tmp_path)) < 20_000_000
