"""What the settings make of the app behind the tools."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from support import bounded_calls

from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp.backend import open_backend, stacks_of
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp_tools.guard.start_records import Start


def cloud(folder: Path, **settings: Any) -> Settings:
    return Settings(token=SecretStr("t"), stack_id=1, state_dir=folder, audit_file="off", **settings)


async def test_replaced_scripts_are_kept_in_the_state_directory(tmp_path: Path):
    async with open_backend(cloud(tmp_path), local_files=False) as app:
        with Script.from_chunks([b"// old"]) as script:
            assert await app.kept_scripts.keep(script, 1)
            assert (tmp_path / "scripts" / script.sha256).read_bytes() == b"// old"
    assert (app.kept_scripts.days, app.kept_scripts.max_bytes) == (30, 256 * MIB)


async def test_how_long_and_how_much_is_kept_can_be_set(tmp_path: Path):
    settings = cloud(tmp_path, backup_days=3, backup_max_mib=5)
    async with open_backend(settings, local_files=False) as app:
        assert (app.kept_scripts.days, app.kept_scripts.max_bytes) == (3, 5 * MIB)


async def test_without_backups_nothing_is_kept(tmp_path: Path):
    async with open_backend(cloud(tmp_path, backups=False), local_files=False) as app:
        with Script.from_chunks([b"// old"]) as script:
            assert not await app.kept_scripts.keep(script, 1)
    assert [*tmp_path.iterdir()] == []


async def test_untrusted_text_is_analysed_in_another_process(tmp_path: Path):
    async with open_backend(cloud(tmp_path), local_files=False) as app:
        assert await app.in_worker(bounded_calls.process_id) != os.getpid()


def test_the_state_directory_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("K6_MCP_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("K6_MCP_BACKUPS", "false")
    settings = Settings.load()
    assert (settings.state_dir, settings.backups) == (tmp_path, False)


def blocked(folder: Path) -> Path:
    """A state folder that not even root can make."""
    (folder / "file").write_text("")
    return folder / "file" / "state"


@pytest.mark.parametrize("sandbox", [False, True], ids=["cloud", "sandbox"])
async def test_a_ceiling_for_the_day_without_a_state_folder_is_refused_at_the_start(
    tmp_path: Path, sandbox: bool
):
    own = {"backend": "sandbox"} if sandbox else {}
    settings = cloud(tmp_path, **own, max_vuh_per_day=5).model_copy(update={"state_dir": blocked(tmp_path)})
    with pytest.raises(
        SettingsError, match=r"^K6_MCP_MAX_VUH_PER_DAY needs a record .* cannot be written to \(Not a"
    ):
        stacks_of(settings)


async def test_without_such_a_ceiling_the_server_starts_and_says_what_it_forgets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    settings = cloud(tmp_path).model_copy(update={"state_dir": blocked(tmp_path)})
    async with open_backend(settings, local_files=False, stacks=stacks_of(settings)) as app:
        assert app.ledger.unkept is not None
    assert "starts are remembered only while this server runs" in caplog.text


async def test_the_ledger_is_in_the_state_folder_by_the_name_of_the_stack(tmp_path: Path):
    async with open_backend(cloud(tmp_path), local_files=False) as app:
        await app.ledger.begin(Start(caller="me", load_test_id=1, key="key", most_vuh=1.0))
    assert [path.name for path in tmp_path.rglob("*.jsonl")] == ["stack-1.jsonl"]
