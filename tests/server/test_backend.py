"""What the settings make of the app behind the tools."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from support import bounded_calls

from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.config.settings import Settings


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
