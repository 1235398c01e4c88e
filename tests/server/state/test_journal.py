import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from k6_cloud_mcp.state.journal import Journal

MIB = 1024 * 1024
WRITER = """
import sys
from pathlib import Path
from k6_cloud_mcp.state.journal import Journal
journal = Journal(Path(sys.argv[1]), int(sys.argv[3]), older=50)
for number in range(100):
    journal.append(f"{sys.argv[2]}-{number} " + "x" * 50)
"""


def lines(journal: Journal) -> list[str]:
    return [line.decode() for line in journal.newest()]


def test_the_newest_line_comes_first(tmp_path: Path):
    journal = Journal(tmp_path / "log", MIB)
    for number in range(3):
        journal.append(f"line {number}")

    assert lines(journal) == ["line 2", "line 1", "line 0"]


def test_lines_longer_than_what_is_read_at_once_come_whole(tmp_path: Path):
    journal = Journal(tmp_path / "log", MIB)
    long = [letter * 150_000 for letter in "abc"]
    for line in (*long, "short"):
        journal.append(line)

    assert lines(journal) == ["short", *reversed(long)]


def test_a_missing_file_has_no_lines_and_is_not_made_by_reading(tmp_path: Path):
    assert lines(Journal(tmp_path / "none" / "log", MIB)) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_user_can_read_it(tmp_path: Path):
    path = tmp_path / "state" / "log"
    Journal(path, 40).append("a")
    Journal(path, 40).append("b" * 50)

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"log": 0o600, "log.1": 0o600, "log.lock": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_full_file_becomes_an_older_one_and_the_oldest_goes(tmp_path: Path):
    journal = Journal(tmp_path / "log", 20, older=2)
    for number in range(9):
        journal.append(f"line {number:2}")

    assert lines(journal) == [f"line {number:2}" for number in (8, 7, 6, 5, 4)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log", "log.1", "log.2", "log.lock"]


def test_a_line_larger_than_a_file_is_kept_all_the_same(tmp_path: Path):
    journal = Journal(tmp_path / "log", 20)
    journal.append("a" * 100)
    journal.append("b")

    assert lines(journal) == ["b", "a" * 100]


def test_after_a_torn_line_the_next_one_begins_anew(tmp_path: Path):
    journal = Journal(tmp_path / "log", MIB)
    journal.append("whole")
    with journal.path.open("ab") as file:
        file.write(b'{"id": "to')

    journal.append("next")

    assert lines(journal) == ["next", '{"id": "to', "whole"]


def test_a_rotation_while_it_is_read_neither_repeats_nor_loses_a_line(tmp_path: Path):
    journal = Journal(tmp_path / "log", 20, older=9)
    for number in range(6):
        journal.append(f"line {number:2}")

    reading = journal.newest()
    first = next(reading)
    journal.append("new line")

    assert [first, *reading] == [f"line {number:2}".encode() for number in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("limit", [MIB, 500])
def test_several_processes_lose_no_line(tmp_path: Path, limit: int):
    path = tmp_path / "log"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(limit)])
        for name in ("a", "b", "c")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]

    written = [line.split()[0] for line in lines(Journal(path, limit, older=99))]
    assert sorted(written) == sorted(f"{name}-{number}" for name in "abc" for number in range(100))
    for name in "abc":
        own = [line for line in written if line.startswith(name)]
        assert own == [f"{name}-{number}" for number in reversed(range(100))]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file" / "log", MIB).append("line")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error(tmp_path: Path):
    path = tmp_path / "log"
    path.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        Journal(path, MIB).append("line")


def test_a_file_that_others_hold_for_too_long_is_an_error(tmp_path: Path):
    with FileLock(tmp_path / "log.lock"), pytest.raises(OSError, match="lock"):
        Journal(tmp_path / "log", MIB, patience=0.1).append("line")
