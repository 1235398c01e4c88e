import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import psutil
import pytest
from anyio.abc import Process
from support.sandbox_runs import reach, start

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.scripts.script import MIB, Script
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.sandbox import STACK_ID, open_sandbox, serve_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.network_policy import limits_ports

SLEEPY = b"""
import { sleep } from 'k6';
export const options = { vus: 1, duration: '60s' };
export default function () { sleep(30); }
"""
SERVE = """
import anyio, sys
from k6_cloud_sandbox.sandbox import serve_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
def ready(served):
    print(f"{served.base_url} {served.demo_url} {served.token}", flush=True)
anyio.run(serve_sandbox, SandboxSettings(dir=sys.argv[1]), "127.0.0.1", 0, ready)
"""


@asynccontextmanager
async def opened(directory: Path) -> AsyncGenerator[K6Cloud, None]:
    async with open_sandbox(SandboxSettings(dir=directory)) as sandbox, sandbox.http() as http:
        yield K6Cloud(http)


@asynccontextmanager
async def served(directory: Path, **variables: str) -> AsyncGenerator[tuple[Process, K6Cloud], None]:
    """A sandbox in a process of its own, and a client over real HTTP."""
    command = [sys.executable, "-c", SERVE, str(directory)]
    async with await anyio.open_process(command, stderr=None, env=os.environ | variables) as process:
        try:
            assert process.stdout
            url, _, token = (await process.stdout.receive()).decode().split()
            async with connect(Credentials(token, STACK_ID), url, httpx.AsyncHTTPTransport()) as http:
                yield process, K6Cloud(http)
        finally:
            if process.returncode is None:
                process.kill()


async def test_state_outlives_the_sandbox_and_seeds_are_planted_once(tmp_path: Path):
    async with opened(tmp_path) as k6:
        tests = (await k6.load_tests.list()).value
        await k6.load_tests.delete(tests[0].id)
        run = await start(k6, b"export default function () {}")
        run = await reach(k6, run, "completed")
        before = (await k6.load_tests.list()).value

    async with opened(tmp_path) as k6:
        assert (await k6.load_tests.list()).value == before
        assert await k6.test_runs.get(run.id) == run
        assert len((await k6.projects.list()).value) == 1


async def test_closing_ends_a_run_under_way_and_leaves_no_process(tmp_path: Path):
    # Workers that read foreign text are kept for the next one.
    before = {*psutil.Process().children(recursive=True)}
    async with opened(tmp_path) as k6:
        run = await reach(k6, await start(k6, SLEEPY), "running")
    children = [child for child in psutil.Process().children(recursive=True) if child not in before]

    async with opened(tmp_path) as k6:
        run = await k6.test_runs.get(run.id)
    assert children == []
    assert (run.status, run.result) == ("aborted", "error")
    assert run.result_details
    assert "stopped while this run was under way" in (run.result_details.message or "")
    assert list((tmp_path / "owners").iterdir()) == []


async def test_after_kill_9_nothing_is_lost_and_the_run_is_ended_with_the_reason(tmp_path: Path):
    async with served(tmp_path) as (process, k6):
        run = await reach(k6, await start(k6, SLEEPY), "running")
        project = await k6.projects.list()
        process.kill()
        await process.wait()

    async with opened(tmp_path) as k6:
        run = await reach(k6, await k6.test_runs.get(run.id), "aborted")
        assert run.result == "error"
        assert run.result_details
        assert "stopped while this run was under way" in (run.result_details.message or "")
        assert run.ended
        assert await k6.projects.list() == project
        with await k6.load_tests.download_script(run.test_id) as script:
            assert script.read() == SLEEPY
        await k6.load_tests.delete(run.test_id)


@pytest.mark.skipif(not limits_ports(), reason="This kernel limits no ports.")
async def test_a_run_cannot_call_the_api_that_started_it_not_even_with_its_token(tmp_path: Path):
    async with served(tmp_path, K6_SANDBOX_ALLOW_HOSTS="*") as (_, k6):
        token = (tmp_path / "token").read_text().strip()
        page = (await k6.load_tests.start(1)).test_run_details_page_url or ""
        address = page.partition("/runs/")[0]
        source = f"""
        import http from 'k6/http';
        const headers = {{ Authorization: 'Bearer {token}', 'X-Stack-Id': '1' }};
        export default () => http.del('{address}/cloud/v6/load_tests/1', null, {{ headers }});
        """
        run = await reach(k6, await start(k6, source), "completed", "aborted")
        assert (await k6.load_tests.get(1)).name == "Smoke test"
    assert run.result_details
    assert "it is the sandbox's own API, which runs never reach" in (run.result_details.message or "")


async def test_two_processes_share_a_directory(tmp_path: Path):
    async with served(tmp_path) as (_, theirs), opened(tmp_path) as ours:
        run = await reach(theirs, await start(theirs, SLEEPY), "running")
        assert (await ours.test_runs.get(run.id)).status == "running"

        # Only one run at a time over both; and each can stop what the other one runs.
        waiting = await reach(ours, await start(ours, b"export default function () {}", "next"), "queued")
        await ours.test_runs.abort(run.id)

        run = await reach(theirs, run, "aborted")
        assert run.status_details.extra
        assert run.status_details.extra.by_user
        assert (await reach(ours, waiting, "completed")).result == "passed"


async def test_a_run_of_a_process_that_died_is_ended_by_one_that_lives(tmp_path: Path):
    async with served(tmp_path) as (process, theirs):
        run = await reach(theirs, await start(theirs, SLEEPY), "running")
        async with opened(tmp_path) as ours:
            assert (await ours.test_runs.get(run.id)).status == "running"
            process.kill()
            await process.wait()

            assert (await reach(ours, run, "aborted")).result == "error"


async def test_sigterm_ends_the_standalone_sandbox_in_good_order(tmp_path: Path):
    async with served(tmp_path) as (process, k6):
        run = await reach(k6, await start(k6, SLEEPY), "running")
        process.send_signal(signal.SIGTERM)
        with anyio.fail_after(20):
            assert await process.wait() == 0

    async with opened(tmp_path) as k6:
        assert (await k6.test_runs.get(run.id)).status == "aborted"


async def test_a_token_never_reaches_the_files(tmp_path: Path, make_archive: Callable[..., bytes]):
    archive = make_archive({"options": {"cloud": {"token": "s3cr3t-token"}}, "env": {}})
    async with opened(tmp_path) as k6:
        run = await start(k6, archive)
        await reach(k6, run, "completed", "aborted")
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    stored += (tmp_path / "sandbox.db").read_bytes()

    assert b"s3cr3t-token" not in stored


async def test_a_large_archive_passes_through_a_process_that_stays_small(
    tmp_path: Path, make_archive: Callable[..., bytes]
):
    async with served(tmp_path) as (process, k6):
        test = await k6.load_tests.create(1, "large")
        server = psutil.Process(process.pid)
        with Script.from_chunks([make_archive({"options": {}}, padding=20 * MIB)]) as script:
            await k6.load_tests.get(test.id)
            before = server.memory_info().rss
            await k6.load_tests.upload_script(test.id, script)
            with await k6.load_tests.download_script(test.id) as stored:
                assert stored.sha256 == script.sha256
        assert server.memory_info().rss - before < 25 * MIB


async def statuses_of(base_url: str, *paths: str, **headers: str) -> list[int]:
    async with httpx.AsyncClient(headers=headers) as browser:
        return [(await browser.get(base_url + path)).status_code for path in paths]


async def test_the_embedded_listeners_serve_pages_and_the_demo_target_but_no_api():
    paths = ("/", "/runs/1", "/demo/products", "/cloud/v6/projects")
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox:
        pages = await statuses_of(sandbox.base_url, *paths)
        demo = await statuses_of(sandbox.network.demo_url, *paths)
        foreign = [
            *await statuses_of(sandbox.base_url, "/", Host="evil.example"),
            *await statuses_of(sandbox.network.demo_url, "/demo/products", Host="evil.example"),
        ]

    assert pages == [200, 404, 410, 404]
    assert demo == [404, 404, 200, 404]
    assert foreign == [400, 400]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/demo", "/demo/", "/demo/products?a=1&b=%20"])
async def test_the_former_place_of_the_demo_target_tells_the_present_one(method: str, path: str):
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox, httpx.AsyncClient() as client:
        answer = await client.request(method, sandbox.base_url + path)
        place = sandbox.network.demo_url + path

    assert (answer.status_code, answer.headers["Location"]) == (410, place)
    assert answer.json()["error"]["code"] == "gone"
    assert place in answer.json()["error"]["message"]
    assert "__ENV.SANDBOX_URL" in answer.json()["error"]["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_run_pages_are_only_read(method: str):
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox, httpx.AsyncClient() as client:
        statuses = [
            (await client.request(method, sandbox.base_url + path)).status_code
            for path in ("/", "/runs/1", "/runs/1/report")
        ]

    assert statuses == [405, 405, 405]


async def test_the_page_of_a_run_is_where_its_start_said():
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        run = await k6.load_tests.start((await k6.load_tests.list()).value[0].id)
        async with httpx.AsyncClient() as browser:
            page = await browser.get(run.test_run_details_page_url or "")

    assert page.status_code == 200
    assert "Smoke test" in page.text


async def test_a_failure_in_the_block_comes_out_as_it_is():
    with pytest.raises(KeyError):
        async with open_sandbox(SandboxSettings(dir=":memory:")):
            raise KeyError


async def test_a_port_in_use_is_said_plainly():
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox:
        port = httpx.URL(sandbox.base_url).port or 0
        with pytest.raises(SandboxError, match=f"{port}.*choose another"):
            await serve_sandbox(SandboxSettings(dir=":memory:"), "127.0.0.1", port)


async def test_a_directory_that_cannot_be_made_is_said_plainly(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(SandboxError, match="K6_SANDBOX_DIR"):
        async with open_sandbox(SandboxSettings(dir=tmp_path / "file" / "sandbox")):
            pass


async def test_all_that_it_keeps_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path):
    folder = tmp_path / "state"
    before = os.umask(0)
    try:
        async with opened(folder):
            modes = {
                path.name: path.stat().st_mode & 0o777
                for path in (folder, folder / "owners", *folder.glob("sandbox.db*"))
            }
    finally:
        os.umask(before)
    assert modes == {
        "state": 0o700,
        "owners": 0o700,
        "sandbox.db": 0o600,
        "sandbox.db-wal": 0o600,
        "sandbox.db-shm": 0o600,
    }
