from pathlib import Path

import pytest

from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep, KeepsNothing, OnlyFinds, fate
from k6_cloud_mcp_tools.storage.script_files import Backups


async def test_without_backups_nothing_is_kept_and_that_is_said():
    nothing = KeepsNothing()
    with Script.from_chunks([b"// old"]) as script:
        await nothing.check(script)
        assert not await nothing.keep(script, 1)
        assert await nothing.find(script.sha256, None) is None
    assert fate(nothing) == "The old script is not kept."


def test_what_is_kept_says_for_how_long(tmp_path: Path):
    assert fate(Backups(tmp_path, max_mib=1, days=30)) == (
        "The old script is kept for up to 30 days: restore_load_test_script brings it back."
    )


async def test_a_dry_run_finds_what_is_kept_and_adds_nothing(tmp_path: Path):
    backups = Backups(tmp_path, max_mib=1, days=30)
    dry = OnlyFinds(backups)
    with Script.from_chunks([b"// old"]) as script:
        assert await dry.keep(script, 1)
        assert await dry.find(script.sha256, None) is None
        await backups.keep(script, 1)
        found = await dry.find(script.sha256, None)
    assert found is not None
    with found[1] as kept:
        assert kept.text() == "// old"
    with Script.from_chunks([b"x" * 2 * MIB]) as large, pytest.raises(CannotKeep):
        await dry.keep(large, 1)
