import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import NoAnswer
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud_mcp.config.settings import SettingsError
from k6_cloud_mcp.stacks.lazy_sandbox import LazySandbox, lazy_sandbox
from k6_cloud_sandbox.settings import IN_PROCESS_TOKEN, STACK_ID, SandboxSettings


@asynccontextmanager
async def client_of(directory: Path) -> AsyncGenerator[tuple[LazySandbox, K6Cloud], None]:
    settings = SandboxSettings(dir=directory)
    credentials = Credentials(IN_PROCESS_TOKEN, STACK_ID)
    async with lazy_sandbox(settings) as sandbox, connect(credentials, "http://127.0.0.1", sandbox) as http:
        yield sandbox, K6Cloud(http, retries=NO_RETRIES)


async def test_the_first_call_opens_it_and_later_ones_find_it_open(tmp_path: Path):
    async with client_of(tmp_path) as (sandbox, k6):
        assert not (tmp_path / "sandbox.db").exists()
        tests = await k6.load_tests.list()
        assert (await k6.load_tests.list()) == tests
        assert (tmp_path / "sandbox.db").exists()
        assert (await sandbox.variables())["SANDBOX_URL"].startswith("http://127.0.0.1:")
    assert len(tests.value) == 3


async def test_calls_that_come_at_once_share_it(tmp_path: Path):
    async with client_of(tmp_path) as (_, k6), anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(k6.projects.list)


async def test_without_any_call_it_opens_by_itself_because_of_its_schedules(tmp_path: Path):
    async with client_of(tmp_path):
        with anyio.fail_after(30):
            while not (tmp_path / "sandbox.db").exists():
                await anyio.sleep(0.1)


async def test_a_server_that_ends_before_any_call_need_not_open_it(tmp_path: Path):
    async with client_of(tmp_path):
        pass
    assert not (tmp_path / "sandbox.db").exists()


async def test_a_directory_that_cannot_be_made_is_told_at_the_start(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="K6_SANDBOX_DIR"):
        async with client_of(tmp_path / "file" / "state"):
            pass


async def test_a_sandbox_that_cannot_be_opened_says_why_in_every_call(tmp_path: Path):
    (tmp_path / "sandbox.db").write_bytes(b"not a database at all, but long enough to look at" * 100)
    async with client_of(tmp_path) as (_, k6):
        for _ in range(2):
            with pytest.raises(NoAnswer, match="The sandbox cannot be opened"):
                await k6.projects.list()


async def test_a_server_that_starts_does_not_load_the_web_framework():
    program = "import sys, k6_cloud_mcp.transports, k6_cloud_mcp.stacks.lazy_sandbox; sys.exit('fastapi' in sys.modules)"
    loaded = await anyio.run_process([sys.executable, "-c", program], check=False)
    assert loaded.returncode == 0
