from datetime import datetime
from pathlib import Path

import pytest

from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.plan import Plan
from k6_cloud_mcp.install.writing import write

NOW = datetime(2026, 11, 26, 6, 30, 5)


def test_the_old_file_is_kept_beside_the_new_one(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text("old")
    path.chmod(0o640)
    assert write(Plan(path, "old", "new"), NOW) == tmp_path / "mcp.json.20261126-063005.bak"
    assert path.read_text() == "new"
    assert (tmp_path / "mcp.json.20261126-063005.bak").read_text() == "old"
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_gets_its_folders_and_no_backup(tmp_path: Path):
    path = tmp_path / "a" / "b" / "mcp.json"
    assert write(Plan(path, None, "new\r\n"), NOW) is None
    assert path.read_bytes() == b"new\r\n"


def test_a_file_with_a_token_is_for_its_user_only(tmp_path: Path):
    path = tmp_path / "mcp.json"
    write(Plan(path, None, "token"), NOW, secret=True)
    assert path.stat().st_mode & 0o077 == 0


def test_a_link_stays_and_its_target_is_written(tmp_path: Path):
    target, link = tmp_path / "dotfiles.json", tmp_path / "mcp.json"
    target.write_text("old")
    link.symlink_to(target)
    write(Plan(link, "old", "new"), NOW)
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_file_that_another_program_changed_meanwhile_is_left_alone(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text("newer")
    with pytest.raises(InstallError, match="changed by another program"):
        write(Plan(path, "old", "new"), NOW)
    assert path.read_text() == "newer"


def test_a_read_only_file_is_left_alone(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(InstallError, match=r"read-only\. Nothing was changed"):
        write(Plan(path, "old", "new"), NOW)
    assert [each.name for each in tmp_path.iterdir()] == ["mcp.json"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InstallError, match="cannot be written"):
        write(Plan(tmp_path / "file" / "mcp.json", None, "new"), NOW)
