"""A file that changes under a running server."""

import os
from pathlib import Path

import pytest

from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched


def number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BrokenFile("no number.") from None


def written(path: Path, text: str) -> None:
    """Put a file in place as editors and Kubernetes do: whole, under another inode."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_changed_file_is_read_again(tmp_path: Path):
    path = tmp_path / "number"
    path.write_text("1")
    watched = Watched(path, number)
    assert watched.current() == 1
    written(path, "2")
    assert watched.current() == 2


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path):
    path = tmp_path / "number"
    path.write_text("1")
    status = path.stat()
    watched = Watched(path, number)
    path.write_text("2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert watched.current() == 2


@pytest.mark.parametrize("broken", ["x", "", None], ids=["nonsense", "empty", "gone"])
def test_a_broken_file_leaves_what_it_said_in_force_and_says_so(
    tmp_path: Path, broken: str | None, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "number"
    path.write_text("1")
    watched = Watched(path, number)
    if broken is None:
        path.unlink()
    else:
        written(path, broken)
    assert [watched.current(), watched.current()] == [1, 1]
    assert watched.problem is not None
    assert str(path) in watched.problem
    assert len(caplog.records) == 1
    written(path, "3")
    assert (watched.current(), watched.problem) == (3, None)


def test_a_file_that_was_never_good_is_refused(tmp_path: Path):
    with pytest.raises(BrokenFile, match="cannot be read"):
        Watched(tmp_path / "missing", number)
