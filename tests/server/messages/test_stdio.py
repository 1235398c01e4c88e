"""The server as a host starts it: a real process on stdio, on a sandbox in a directory."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import psutil
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import ElicitRequestParams, ElicitResult
from support.authenticated_server import INITIALIZE
from support.servers import SCRIPT, content_of

LONG_SCRIPT = SCRIPT.replace("1s", "60s")


@asynccontextmanager
async def started(folder: Path, **environment: str) -> AsyncGenerator[Client, None]:
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(folder), **environment}
    command = StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env)

    async def go_ahead(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context, params
        return ElicitResult(action="accept", content={"decision": "go ahead"})

    with (folder.parent / "server.log").open("a") as log:
        async with Client(stdio_client(command, errlog=log), elicitation_callback=go_ahead) as client:
            yield client


async def start_run(client: Client, script: str) -> int:
    created = content_of(await client.call_tool("create_load_test", {"name": "Run me", "script": script}))
    result = content_of(await client.call_tool("start_load_test", {"load_test_id": created["id"]}))
    return result["result"]["test_run_id"]


async def wait_for(client: Client, run_id: int, status: str) -> dict[str, Any]:
    with anyio.fail_after(30):
        while (run := content_of(await client.call_tool("get_test_run", {"test_run_id": run_id})))[
            "status"
        ] != status:
            await anyio.sleep(0.1)
    return run


async def test_the_main_job_end_to_end(tmp_path: Path):
    async with started(tmp_path / "state") as client:
        run_id = await start_run(client, SCRIPT)
        run = content_of(await client.call_tool("wait_for_test_run", {"test_run_id": run_id}))
    assert (run["status"], run["result"], run["max_vus"]) == ("completed", "passed", 2)


async def test_a_script_is_taken_from_a_file_on_this_machine(tmp_path: Path):
    (tmp_path / "load.js").write_text(SCRIPT)
    arguments = {"name": "From a file", "script_path": str(tmp_path / "load.js")}
    async with started(tmp_path / "state") as client:
        created = content_of(await client.call_tool("create_load_test", arguments))
    assert created["script"]["size"] == len(SCRIPT)


async def kill_mid_run(state: Path) -> tuple[int, int]:
    """Kill a server while its run is under way: how many processes it had, and how many outlived it."""
    family: list[psutil.Process] = []
    survivors: list[psutil.Process] = []
    try:
        async with started(state) as client:
            run_id = await start_run(client, LONG_SCRIPT)
            await wait_for(client, run_id, "running")
            server = next(child for child in psutil.Process().children() if "k6_cloud_mcp" in child.cmdline())
            family = server.children(recursive=True)
            os.kill(server.pid, signal.SIGKILL)
            _, survivors = await anyio.to_thread.run_sync(psutil.wait_procs, family, 10)
            await client.list_tools()
    except* Exception:  # noqa: BLE001, S110 - how the client sees its server die is not what is tested
        pass
    return len(family), len(survivors)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
async def test_killing_the_server_mid_run_leaves_no_k6_and_a_consistent_database(tmp_path: Path):
    state = tmp_path / "state"
    processes, survivors = await kill_mid_run(state)
    assert processes >= 1
    assert survivors == 0
    async with started(state) as client:
        run = await wait_for(client, 1, "aborted")
    assert run["result"] == "error"
    assert "stopped" in run["message"]
    with sqlite3.connect(next(state.glob("*.db"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def running_on_pipes(folder: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(folder / "sandbox")}
    # Where the tests themselves run in the background of a shell, they ignore interrupts, and so would what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (folder / "server.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "k6_cloud_mcp"],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
    finally:
        signal.signal(signal.SIGINT, before)


def sent_and_answered(server: subprocess.Popen[bytes], *lines: bytes) -> list[dict[str, Any]]:
    """Send lines and then a ping: all answers before that of the ping."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(
        b"".join(line + b"\n" for line in (*lines, b'{"jsonrpc":"2.0","id":"last","method":"ping"}'))
    )
    server.stdin.flush()
    answers: list[dict[str, Any]] = []
    for line in iter(server.stdout.readline, b""):
        answers.append(json.loads(line))
        if answers[-1]["id"] == "last":
            break
    return answers[:-1]


INITIALIZE_LINE = json.dumps(INITIALIZE).encode()


def test_lines_that_the_sdk_would_drop_are_answered_and_logged_and_the_next_is_served(tmp_path: Path):
    deep = b'{"jsonrpc":"2.0","id":11,"method":"ping","params":{"a":' + b"[" * 3000 + b"]" * 3000 + b"}}"
    with running_on_pipes(tmp_path) as server:
        greeting = sent_and_answered(server, b"\xef\xbb\xbf" + INITIALIZE_LINE)
        answers = sent_and_answered(
            server,
            b'{"jsonrpc":"2.0","id":10,"method":"ping","params":{"a":"\\ud800"}}',
            deep,
            b"",
            b"   ",
            b'{"jsonrpc":"2.0","id":12,"method":"ping","params":[]}',
            b'[{"jsonrpc":"2.0","id":13,"method":"ping"},{"jsonrpc":"2.0","id":14,"method":"ping"}]',
            b"hello \xff\xfe",
            b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
            b'\xef\xbb\xbf{"jsonrpc":"2.0","id":15,"method":"ping"}',
            b'{"jsonrpc":"2.0","id":99,"result":5}',
        )
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(20) == 0
    assert greeting[0]["result"]["serverInfo"]["name"] == "k6-cloud-mcp"
    codes = {
        answer["id"]: answer.get("error", {}).get("code") for answer in answers if answer["id"] is not None
    }
    assert codes == {10: -32700, 11: -32700, 12: -32600, 13: -32600, 14: -32600, 15: None}
    assert [answer["error"]["code"] for answer in answers if answer["id"] is None] == [-32700, -32600]
    log = (tmp_path / "server.log").read_text()
    assert log.count("A line from the client is not a message.") == 8
    assert "hello" not in log


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to one process")
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "while a run goes on"])
def test_an_interrupt_ends_the_server_although_its_client_says_no_more(tmp_path: Path, busy: bool):
    with running_on_pipes(tmp_path) as server:
        sent_and_answered(server, INITIALIZE_LINE, b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
        if busy:
            call = {"name": "wait_for_test_run", "arguments": {"test_run_id": 1}}
            line = json.dumps({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call})
            sent_and_answered(server, line.encode())
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 130
    assert "Traceback" not in (tmp_path / "server.log").read_text()


async def test_half_a_set_of_credentials_ends_the_server_with_one_clear_line(tmp_path: Path):
    env = {**os.environ, "K6_CLOUD_TOKEN": "planted-secret", "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "k6_cloud_mcp", "serve"]
    result = await anyio.run_process(command, env=env, check=False, stdin=None, input=b"")
    error = result.stderr.decode()
    assert result.returncode == 1
    assert "K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL is missing" in error
    assert "Traceback" not in error
    assert "planted-secret" not in error
