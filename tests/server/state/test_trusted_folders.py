import stat
from pathlib import Path

import pytest

from k6_cloud_mcp.state.trusted_folders import TrustedFolders, TrustError


@pytest.fixture
def trusted(tmp_path: Path) -> TrustedFolders:
    return TrustedFolders(tmp_path / "state")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "projects/shop"
    (folder / "lib").mkdir(parents=True)
    return folder


def test_no_folder_is_trusted_before_somebody_says_so(trusted: TrustedFolders, project: Path):
    assert trusted.all() == []
    assert not trusted.covers(project)
    assert not trusted.path.exists()


def test_a_trusted_folder_covers_what_is_in_it_and_nothing_else(trusted: TrustedFolders, project: Path):
    assert trusted.add(project) == project.resolve()
    assert trusted.covers(project)
    assert trusted.covers(project / "lib")
    assert not trusted.covers(project.parent)
    assert not trusted.covers(project.with_name("shop-2"))
    assert not trusted.covers(project / "../other")


def test_trust_is_remembered_in_a_file_of_this_user_and_can_be_taken_back(
    trusted: TrustedFolders, project: Path
):
    trusted.add(project)
    again = TrustedFolders(trusted.path.parent)
    assert again.covers(project)
    assert stat.S_IMODE(again.path.stat().st_mode) == 0o600
    assert again.remove(project)
    assert not again.remove(project)
    assert not trusted.covers(project)


def test_a_link_is_trusted_by_what_it_leads_to(trusted: TrustedFolders, project: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(project)
    (project / "out").symlink_to(tmp_path)
    trusted.add(tmp_path / "link")
    assert trusted.covers(project)
    assert not trusted.covers(project / "out")


@pytest.mark.parametrize("folder", [Path("/"), Path.home(), Path.home().parent, Path("/nowhere/at/all")])
def test_no_more_than_a_project_can_be_trusted(trusted: TrustedFolders, folder: Path):
    with pytest.raises(TrustError, match=r"Nothing was changed\."):
        trusted.add(folder)
    assert trusted.all() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_broken_list_trusts_nothing_and_says_so(trusted: TrustedFolders, project: Path, content: bytes):
    trusted.path.parent.mkdir()
    trusted.path.write_bytes(content)
    with pytest.raises(TrustError, match="no folder is trusted"):
        trusted.covers(project)
