from collections.abc import Iterator
from pathlib import Path

import pytest

from k6_cloud_mcp_tools.storage.atomic_files import sync_folder, write_whole


def test_a_file_is_replaced_whole_and_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "kept"
    path.write_text("old")
    write_whole(path, [b"ne", b"w"])
    sync_folder(tmp_path)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    write_whole(path, [b"newer"], 0o644)
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_cannot_be_written_to_its_end_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path):
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise OSError("No space left on device")

    path = tmp_path / "kept"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, pieces())
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]
