"""Records of starts on the disk, shared by processes and threads."""

import json
import os
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from k6_cloud_mcp.state.start_file import StartFile
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.guard.start_records import Start

NOW = datetime.now(UTC)


def start(number: int = 1, **facts: Any) -> Start:
    given = {
        "id": str(number),
        "load_test_id": number,
        "caller": "me",
        "key": "k",
        "most_vuh": 0.1,
        "at": NOW,
    }
    return Start.model_validate({**given, **facts})


async def put(file: StartFile, *starts: Start) -> None:
    await file.write(lambda _: starts)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_records_outlast_the_one_who_wrote_them(tmp_path: Path):
    path = tmp_path / "state" / "stack-1.jsonl"
    await put(StartFile(path, "stack-1"), start(1), start(2))
    assert await StartFile(path, "stack-1").read() == [start(1), start(2)]
    head, *rest = lines(path)
    assert head["stack"] == "stack-1"
    assert [record["load_test_id"] for record in rest] == [1, 2]


async def test_only_the_owner_may_read_or_list_them(tmp_path: Path):
    before = os.umask(0)
    try:
        path = tmp_path / "state" / "stack-1.jsonl"
        await put(StartFile(path, "stack-1"), start())
        async with StartFile(path, "stack-1").turn():
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}


async def test_the_last_line_of_a_start_holds_and_what_has_not_changed_is_not_written_again(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    file = StartFile(path, "a")
    await put(file, start())
    await put(file, start())
    await put(file, start(run_id=7))
    assert len(lines(path)) == 3
    assert await file.read() == [start(run_id=7)]


async def test_one_that_read_before_sees_what_another_adds(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ours, theirs = StartFile(path, "a"), StartFile(path, "a")
    assert await ours.read() == []
    await put(theirs, start(1))
    assert await ours.read() == [start(1)]
    await put(theirs, start(1, run_id=7), start(2))
    assert await ours.read() == [start(1, run_id=7), start(2)]


@pytest.mark.parametrize("rest", ['{"id":"3","load_te', "nonsense\n", '{"id":"3"}\n', "\n\n", '"text"\n'])
async def test_a_line_whose_writer_was_stopped_is_skipped_and_spoils_no_other(tmp_path: Path, rest: str):
    path = tmp_path / "a.jsonl"
    file = StartFile(path, "a")
    await put(file, start(1))
    with path.open("a") as torn:
        torn.write(rest)
    await put(file, start(2))
    assert await file.read() == await StartFile(path, "a").read() == [start(1), start(2)]


async def test_records_of_more_than_forty_days_go_and_the_file_gets_smaller(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    old, kept = start(1, at=NOW - timedelta(days=42)), start(2, at=NOW - timedelta(days=39))
    ours, theirs = StartFile(path, "a"), StartFile(path, "a")
    await put(ours, kept)
    assert await theirs.read() == [kept]
    await put(ours, old)
    assert [record.get("load_test_id") for record in lines(path)] == [None, 2]
    # Another process had read further than the new file reaches.
    await put(ours, start(3))
    assert await theirs.read() == [kept, start(3)]


async def test_a_record_just_past_forty_days_does_not_make_each_write_write_all(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    file = StartFile(path, "a")
    await put(file, start(1, at=NOW - timedelta(days=40, hours=1)))
    assert await file.read() == []
    await put(file, start(2))
    assert len(lines(path)) == 3


async def test_a_file_that_was_taken_away_is_begun_anew(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    file = StartFile(path, "a")
    await put(file, start(1))
    path.unlink()
    assert await file.read() == []
    await put(file, start(2))
    assert await file.read() == [start(2)]


async def test_what_cannot_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        await put(StartFile(tmp_path / "a.jsonl", "a"), start())


async def test_two_at_once_in_one_process_lose_no_record(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ledgers = [StartLedger(StartFile(path, "a")) for _ in range(2)]

    async def begin(ledger: StartLedger, test: int) -> None:
        made = await ledger.begin(Start(caller="me", load_test_id=test, key=f"key-{test}", most_vuh=0.1))
        await ledger.made(made, test)

    async with anyio.create_task_group() as tasks:
        for test in range(20):
            tasks.start_soon(begin, ledgers[test % 2], test)
    found = await ledgers[0].since(NOW - timedelta(minutes=1))
    assert sorted((one.load_test_id, one.run_id or 0) for one in found) == [
        (test, test) for test in range(20)
    ]


PROCESS = """
import anyio, sys
from pathlib import Path
from k6_cloud_mcp.state.start_file import StartFile
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.guard.start_records import Start

async def main():
    ledger = StartLedger(StartFile(Path(sys.argv[1]), "a"))
    for _ in range(8):
        async with ledger.turn():
            # Whoever comes first finds room for it: a ceiling of 5 starts.
            spent = len(await ledger.since(__import__("datetime").datetime(2020, 1, 1, tzinfo=__import__("datetime").UTC)))
            await anyio.sleep(0.01)
            if spent < 5:
                await ledger.begin(Start(caller=sys.argv[2], load_test_id=spent, key=f"{sys.argv[2]}-{spent}", most_vuh=1.0))
anyio.run(main)
"""


async def test_processes_take_turns_to_spend(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    codes: list[int] = []

    async def run(name: str) -> None:
        done = await anyio.run_process([sys.executable, "-c", PROCESS, str(path), name], check=False)
        codes.append(done.returncode)

    async with anyio.create_task_group() as tasks:
        for name in ("me", "you", "they"):
            tasks.start_soon(run, name)
    assert codes == [0, 0, 0]
    found: Sequence[Start] = await StartFile(path, "a").read()
    # Each saw what those before it had spent: no two began the same, and none began a sixth.
    assert sorted(one.load_test_id for one in found) == [0, 1, 2, 3, 4]


async def test_a_turn_that_is_never_given_back_is_waited_for_only_so_long(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    async with StartFile(path, "a").turn():
        with pytest.raises(TimeoutError, match="another call has not ended"):
            async with StartFile(path, "a", turn_patience=0.1).turn():
                pass
    async with StartFile(path, "a", turn_patience=0.1).turn():
        pass


async def test_a_process_that_is_killed_gives_its_turn_back(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    holding = (
        "import anyio, sys\nfrom pathlib import Path\nfrom k6_cloud_mcp.state.start_file import StartFile\n"
        "async def main():\n async with StartFile(Path(sys.argv[1]), 'a').turn():\n"
        "  print('held', flush=True)\n  await anyio.sleep(60)\nanyio.run(main)"
    )
    process = await anyio.open_process([sys.executable, "-c", holding, str(path)])
    assert process.stdout is not None
    async with process:
        assert (await process.stdout.receive()).startswith(b"held")
        process.kill()
    async with StartFile(path, "a", turn_patience=5).turn():
        pass
