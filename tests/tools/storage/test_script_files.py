import os
import time
from pathlib import Path

import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.archives import tar_of

from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep
from k6_cloud_mcp_tools.storage.script_files import Backups

TOKEN, VALUE = "planted-token-0123456789", "planted-env-value"
METADATA = f'{{"options": {{"cloud": {{"token": "{TOKEN}"}}}}, "env": {{"A": "{VALUE}"}}}}'
ARCHIVE = tar_of({"metadata.json": METADATA, "data": "run();"})
posix = pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "scripts"


@pytest.fixture
def backups(folder: Path) -> Backups:
    return Backups(folder, max_mib=1, days=30)


async def keep(backups: Backups, content: bytes) -> str:
    with Script.from_chunks([content]) as script:
        assert await backups.keep(script, 1)
        return script.sha256


async def found(backups: Backups, sha256: str) -> bytes | None:
    kept = await backups.find(sha256, None)
    if kept is None:
        return None
    with kept[1] as script:
        return script.read()


def aged(folder: Path, name: str, days: float) -> None:
    moment = time.time() - days * 86_400
    os.utime(folder / name, (moment, moment))


async def test_a_kept_script_is_found_by_its_hash_and_by_the_beginning_of_it(backups: Backups):
    sha256 = await keep(backups, b"// old")
    assert await found(backups, sha256) == b"// old"
    assert await found(backups, sha256[:12]) == b"// old"
    assert await found(backups, "0" * 64) is None


async def test_nothing_is_found_before_anything_was_kept(backups: Backups, folder: Path):
    assert await backups.find("0" * 12, None) is None
    assert not folder.exists()


async def test_another_process_finds_what_was_kept(backups: Backups, folder: Path):
    sha256 = await keep(backups, b"// old")
    assert await found(Backups(folder, max_mib=1, days=1), sha256) == b"// old"


@posix
async def test_nobody_else_can_read_what_is_kept(backups: Backups, folder: Path):
    sha256 = await keep(backups, b"// old")
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / sha256)] == ["0o700", "0o600"]
    assert sorted(path.name for path in folder.iterdir()) == [sha256, f"{sha256}.project-1"]


async def test_an_archive_is_kept_without_its_secrets_and_found_by_what_the_service_stored(
    backups: Backups, folder: Path
):
    sha256 = await keep(backups, ARCHIVE)
    kept = await found(backups, sha256)
    assert kept is not None
    assert len(kept) == len(ARCHIVE)
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert TOKEN.encode() not in everything
    assert VALUE.encode() not in everything
    with Script.from_chunks([kept]) as clean:
        assert clean.sha256 != sha256
        assert await found(backups, clean.sha256) == kept


@pytest.mark.parametrize("damage", [b"// evil", b"", b"// ol"])
async def test_what_is_damaged_is_not_given_back(backups: Backups, folder: Path, damage: bytes):
    sha256 = await keep(backups, b"// old")
    (folder / sha256).write_bytes(damage)
    assert await found(backups, sha256) is None
    assert await keep(backups, b"// old") == sha256
    assert await found(backups, sha256) == b"// old"


@pytest.mark.parametrize("alias", [b"", b"../../etc/passwd", b"\xff\xff", b"0" * 64])
async def test_an_alias_that_is_damaged_leads_nowhere(backups: Backups, folder: Path, alias: bytes):
    sha256 = await keep(backups, ARCHIVE)
    (folder / f"{sha256}.alias").write_bytes(alias)
    assert await found(backups, sha256) is None


async def test_a_beginning_that_several_have_wants_more_digits(backups: Backups, folder: Path):
    sha256 = await keep(backups, b"// old")
    (folder / (sha256[:20] + "0" * 44)).write_bytes(b"other")
    with pytest.raises(ToolError, match="Several kept scripts begin with"):
        await backups.find(sha256[:12], None)
    assert await found(backups, sha256) == b"// old"


async def test_what_is_too_old_goes_and_keeping_it_again_makes_it_young(backups: Backups, folder: Path):
    old, again, young = [await keep(backups, name) for name in (b"// old", b"// again", b"// young")]
    aged(folder, old, 31)
    aged(folder, again, 29)
    await keep(backups, b"// again")
    aged(folder, young, 29)
    assert [await found(backups, one) for one in (old, again, young)] == [None, b"// again", b"// young"]


async def test_the_oldest_makes_room_and_what_was_just_kept_stays(backups: Backups, folder: Path):
    names: list[str] = []
    for number in range(4):
        names.append(await keep(backups, str(number).encode() * (MIB // 3)))
        aged(folder, names[-1], 5 - number)
    assert sorted(path.name for path in folder.iterdir() if "." not in path.name) == sorted(names[1:])


async def test_a_script_larger_than_all_there_is_room_for_is_refused(backups: Backups):
    with Script.from_chunks([b"x" * (MIB + 1)]) as script:
        for refused in (backups.check(script), backups.keep(script, 1)):
            with pytest.raises(
                CannotKeep, match=r"more than K6_MCP_BACKUP_MAX_MIB \(1\)\. Nothing was changed\."
            ):
                await refused


async def test_an_archive_whose_secrets_cannot_be_taken_out_is_refused(backups: Backups):
    broken = tar_of({"metadata.json": "not json", "data": "run();"})
    refused = pytest.raises(CannotKeep, match="K6_MCP_BACKUPS=false does without keeping it")
    with Script.from_chunks([broken]) as script, refused:
        await backups.check(script)


async def test_where_nothing_can_be_written_keeping_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    refused = pytest.raises(CannotKeep, match="the script that would be lost cannot be kept")
    with Script.from_chunks([b"// old"]) as script, refused:
        await Backups(tmp_path / "file", max_mib=1, days=1).keep(script, 1)


async def test_what_a_crash_left_half_written_goes_after_a_day(backups: Backups, folder: Path):
    await keep(backups, b"// old")
    for name, days in (("a.part", 2), ("b.part", 0)):
        (folder / name).write_bytes(b"half")
        aged(folder, name, days)
    await keep(backups, b"// new")
    assert [path.name for path in folder.glob("*.part")] == ["b.part"]


@pytest.mark.parametrize("content", [b"// old", ARCHIVE])
async def test_what_was_kept_for_one_project_is_not_found_for_another(backups: Backups, content: bytes):
    sha256 = await keep(backups, content)
    assert await backups.find(sha256, frozenset({2, 3})) is None
    assert await backups.find(sha256, frozenset()) is None
    for projects in (frozenset({1, 2}), None):
        kept = await backups.find(sha256, projects)
        assert kept is not None
        with kept[1] as script:
            assert script.size == len(content)
