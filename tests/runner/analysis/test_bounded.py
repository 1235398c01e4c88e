import os
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest
from support import bounded_calls

from k6_cloud.errors import NotAnalysed, ScriptError
from k6_runner.analysis.bounded import PROCESSES, run_bounded
from k6_runner.analysis.bounded_process import ENDED_IDLE

pytestmark = pytest.mark.anyio


async def test_a_result_comes_from_another_process():
    assert await run_bounded(bounded_calls.process_id) != os.getpid()


async def test_a_process_is_used_again():
    first = await run_bounded(bounded_calls.process_id)
    assert await run_bounded(bounded_calls.process_id) == first


async def test_arguments_and_results_of_many_megabytes_pass():
    data = os.urandom(20 * 1024 * 1024)
    assert await run_bounded(bytes.hex, data, what="data") == data.hex()


async def test_a_pattern_that_never_ends_is_ended():
    with pytest.raises(
        NotAnalysed, match=r"^The archive was not analysed: it needs more time than one text may take"
    ):
        await run_bounded(bounded_calls.match_catastrophically, what="the archive", seconds=0.2)


async def test_a_loop_that_never_ends_is_ended_and_the_next_call_works():
    with pytest.raises(NotAnalysed, match="more time"):
        await run_bounded(bounded_calls.count_for_ever, seconds=0.2)
    assert await run_bounded(len, "four") == 4


async def test_a_call_that_waits_is_ended_too():
    with pytest.raises(NotAnalysed, match="more time"):
        await run_bounded(bounded_calls.sleep, 60.0, seconds=0.1)


async def test_time_of_one_call_is_not_taken_from_the_next():
    for _ in range(4):
        await run_bounded(bounded_calls.sleep, 0.3, seconds=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
async def test_memory_beyond_the_limit_is_refused():
    with pytest.raises(NotAnalysed, match="more memory than one text may take"):
        await run_bounded(bounded_calls.grow, 600)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
async def test_a_call_may_be_given_more_memory_than_the_one_before_it():
    assert await run_bounded(bounded_calls.grow, 1, memory_bytes=100 * 1024 * 1024) == 1 * 1024 * 1024
    assert await run_bounded(bounded_calls.grow, 80, memory_bytes=1024 * 1024 * 1024) == 80 * 1024 * 1024


async def test_an_error_of_the_function_is_raised_as_it_is():
    with pytest.raises(ScriptError, match=r"^no such member$"):
        await run_bounded(bounded_calls.fail)


async def test_deep_recursion_is_raised_as_it_is():
    with pytest.raises(RecursionError):
        await run_bounded(bounded_calls.recurse)


async def test_an_error_that_cannot_be_packed_still_says_what_it_was():
    with pytest.raises(RuntimeError, match="Stubborn: cannot be packed"):
        await run_bounded(bounded_calls.fail_stubbornly)


@pytest.mark.parametrize("ended", [bounded_calls.crash, bounded_calls.leave])
async def test_a_crash_is_told_and_the_next_call_works(ended: Callable[[], None]):
    with pytest.raises(NotAnalysed, match="not analysed: the process that read it ended unexpectedly"):
        await run_bounded(ended)
    assert await run_bounded(len, "four") == 4


async def test_what_is_printed_does_not_disturb_the_answer():
    assert await run_bounded(bounded_calls.chatter) == "done"


async def test_secrets_of_the_environment_are_not_passed_on(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NotAnalysed):
        await run_bounded(bounded_calls.leave)
    monkeypatch.setenv("K6_CLOUD_TOKEN", "glc_secret")
    assert "glc_secret" not in str(await run_bounded(bounded_calls.environment))


async def test_the_event_loop_goes_on_meanwhile():
    ended = False

    async def analyse() -> None:
        nonlocal ended
        with pytest.raises(NotAnalysed):
            await run_bounded(bounded_calls.match_catastrophically, seconds=0.3)
        ended = True

    turns = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(analyse)
        while not ended:
            await anyio.sleep(0.01)
            turns += 1
    assert turns > 10


async def test_cancellation_ends_the_process():
    process = await run_bounded(bounded_calls.process_id)
    with anyio.move_on_after(0.1):
        await run_bounded(bounded_calls.count_for_ever, seconds=60)
    assert not psutil.pid_exists(process)


async def test_cancellation_during_a_cold_start_leaves_no_process():
    with pytest.raises(NotAnalysed):
        await run_bounded(bounded_calls.leave)
    before = {child.pid for child in psutil.Process().children()}
    with anyio.move_on_after(0.01):
        await run_bounded(bounded_calls.count_for_ever, seconds=60)
    await anyio.sleep(0.5)
    assert {child.pid for child in psutil.Process().children()} <= before


async def test_many_calls_at_once_share_few_processes():
    processes: set[int] = set()

    async def ask() -> None:
        processes.add(await run_bounded(bounded_calls.process_id))

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(ask)
    assert 1 <= len(processes) <= PROCESSES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
async def test_a_busy_process_does_not_outlive_a_parent_that_was_killed():
    program = (
        "import anyio, sys; sys.path.insert(0, sys.argv[1]); from k6_runner.analysis.bounded import run_bounded; "
        "from support import bounded_calls as calls\n"
        "async def main():\n"
        "    print(await run_bounded(calls.process_id), flush=True)\n"
        "    await run_bounded(calls.count_for_ever, seconds=0.5)\n"
        "anyio.run(main)"
    )
    tests = str(Path(__file__).parents[2])
    async with await anyio.open_process([sys.executable, "-c", program, tests]) as parent:
        assert parent.stdout
        worker = psutil.Process(int(await parent.stdout.receive()))
        parent.kill()
    await anyio.to_thread.run_sync(psutil.wait_procs, [worker], 60)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


async def test_a_process_that_ended_while_idle_is_replaced():
    process = psutil.Process(await run_bounded(bounded_calls.process_id))
    process.kill()
    await anyio.to_thread.run_sync(psutil.wait_procs, [process], 60)
    assert await run_bounded(bounded_calls.process_id) != process.pid


async def test_a_process_that_is_not_asked_ends_by_itself():
    program = "from k6_runner.analysis.bounded_process import serve; serve(0.2)"
    async with await anyio.open_process([sys.executable, "-c", program]) as worker:
        with anyio.fail_after(60):
            assert await worker.wait() == ENDED_IDLE
