"""The secrets hunt: tokens and values are planted wherever they come in, and found nowhere else."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import LoggingMessageNotificationParams
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from support import secrets_search as hunt
from support.loopback import listening
from support.secrets_search import Haul, Objects, archive, call_all, calls, read_all

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud_mcp.backend import open_backend
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp.state.audit_log import audit_of
from k6_cloud_mcp.telemetry.logs import QUIET
from k6_cloud_mcp.transports import http_app
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.toolsets import TOOLS

ENVIRONMENT = {
    "K6_CLOUD_TOKEN": hunt.CLOUD_TOKEN,
    "K6_CLOUD_STACK_ID": "1",
    "K6_MCP_HTTP_TOKEN": hunt.HTTP_TOKEN,
    "K6_MCP_SHARED_KEY": hunt.SHARED_KEY,
    "K6_SANDBOX_TOKEN": hunt.CLOUD_TOKEN,
    "K6_MCP_CONFIRM": "two_step",
    "K6_MCP_TOOLSETS": "all",
}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where servers keep what they keep; their environment is full of secrets."""
    folder = tmp_path / "state"
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def environment(folder: Path) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "K6_SANDBOX_DIR": str(folder / "sandbox"),
        "K6_MCP_STATE_DIR": str(folder / "mcp"),
        "K6_MCP_AUDIT_FILE": str(folder / "audit.jsonl"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


@pytest.fixture
def archives(tmp_path: Path) -> tuple[Path, Path]:
    folder = tmp_path / "archives"
    folder.mkdir()
    changed = "export default function () { /* changed */ }\n"
    return archive(folder), archive(folder, hunt.NEW_ENV_VALUE, changed)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged at DEBUG, but for what the server never lets log below a warning."""
    for name in QUIET:
        caplog.set_level(logging.WARNING, name)
    caplog.set_level(logging.DEBUG)
    return caplog


def add_log(haul: Haul, log: pytest.LogCaptureFixture) -> None:
    """All but what the client logs, which is in this process only in tests."""
    for record in log.records:
        if not record.name.startswith("mcp.client"):
            haul.add("log", f"{record.getMessage()} {record.args} {record.exc_text} {record.stack_info}")


@asynccontextmanager
async def client_of(server: Any, haul: Haul) -> AsyncGenerator[Client, None]:
    """A client that keeps what it is told besides answers, too."""

    async def note(message: object) -> None:
        haul.add("notifications", str(message))

    async def note_log(params: LoggingMessageNotificationParams) -> None:
        haul.add("notifications", params)

    async with Client(
        server, message_handler=note, logging_callback=note_log, log_level="debug", cache=None
    ) as client:
        yield client


# There is one run only, it has ended, and a chart needs figures and something to draw with.
NOT_POSSIBLE_HERE = {"abort_test_run", "chart_test_run", "compare_test_runs"}


def kept_in(state: Path) -> dict[str, Any]:
    """The arguments that bring a kept archive back."""
    path = max((state / "mcp" / "scripts").rglob("*"), key=lambda path: path.stat().st_size)
    return {"load_test_id": 1, "sha256": path.name[:64]}


async def test_the_sandbox_gives_no_secret_away(
    state: Path, archives: tuple[Path, Path], log: pytest.LogCaptureFixture
):
    haul, settings = Haul(), Settings(backend="sandbox")
    server = build_server(
        partial(open_backend, settings, local_files=True), TOOLS, sandbox=True, key=settings.key
    )
    async with client_of(server, haul) as client:
        worked = await call_all(client, haul, calls(Objects(), *archives)[:9])
        await read_all(client, haul, Objects())
        worked |= await call_all(client, haul, [("restore_load_test_script", kept_in(state))])
        worked |= await call_all(client, haul, calls(Objects(), *archives))
        await read_all(client, haul, Objects(test=2))
        haul.add_files(state)
    haul.add_files(state)
    add_log(haul, log)
    every = {tool.name for tool in TOOLS}
    assert every <= {name for name, _ in calls(Objects(), *archives)}
    assert every - worked <= NOT_POSSIBLE_HERE
    assert any(place.endswith("sandbox.db") for place in haul.found)
    assert any("audit" in place for place in haul.found)
    assert haul.leaks() == []


def echo(request: httpx.Request, status: int, shape: str) -> httpx.Response:
    """A service, or a proxy before it, that quotes the token in its complaint."""
    token = request.headers["Authorization"]
    error = {
        "error": {
            "message": f"{token} may not",
            "code": token,
            "target": token,
            "details": [{"message": token}],
        }
    }
    if shape == "escaped":
        return httpx.Response(status, text=json.dumps(error).replace("/", "\\/").replace("+", "\\u002b"))
    if shape == "page":
        return httpx.Response(
            status, text=f"<html>{token}</html>", headers={"Location": f"/?{token}", "X-T": token}
        )
    if shape == "reason":
        return httpx.Response(status, extensions={"reason_phrase": token.encode()})
    return httpx.Response(status, json=error)


@pytest.mark.parametrize("shape", ["plain", "escaped", "page", "reason"])
@pytest.mark.parametrize("status", [302, 401, 403, 500])
async def test_a_service_that_quotes_the_token_does_not_give_it_away(
    state: Path, archives: tuple[Path, Path], log: pytest.LogCaptureFixture, status: int, shape: str
):
    haul = Haul()
    credentials = Credentials(hunt.CLOUD_TOKEN, 1)

    @asynccontextmanager
    async def open_app() -> AsyncGenerator[App, None]:
        transport = httpx.MockTransport(lambda request: echo(request, status, shape))
        async with connect(credentials, "https://api.k6.example", transport) as http:
            yield App(K6Cloud(http, retries=NO_RETRIES), audit=audit_of(Settings()), local_files=True)

    async with client_of(build_server(open_app, TOOLS, sandbox=False), haul) as client:
        await call_all(client, haul, calls(Objects(), *archives))
        await read_all(client, haul, Objects())
    haul.add_files(state)
    add_log(haul, log)
    assert haul.leaks() == []


async def refuse(request: Request) -> Response:
    token = request.headers["Authorization"]
    return PlainTextResponse(json.dumps({"error": {"message": f"{token}: no", "code": "no"}}), 403)


async def test_a_process_on_stdio_and_the_commands_give_no_secret_away(
    tmp_path: Path, archives: tuple[Path, Path]
):
    haul, folder = Haul(), tmp_path / "state"
    app = Starlette()
    app.add_route("/{path:path}", refuse, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async with listening(app) as address:
        env = {**os.environ, **environment(folder), "K6_CLOUD_HOST_V6": address, "K6_MCP_BACKEND": "cloud"}
        command = StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env)
        with (tmp_path / "stderr").open("w") as errors:
            async with client_of(stdio_client(command, errlog=errors), haul) as client:
                await call_all(client, haul, calls(Objects(), *archives))
                await read_all(client, haul, Objects())
        haul.add("stderr", (tmp_path / "stderr").read_bytes())
        for arguments in (["doctor"], ["doctor", "--client", "cursor"], ["audit"], ["audit", "--json"]):
            run = [sys.executable, "-m", "k6_cloud_mcp", *arguments]
            done = await anyio.to_thread.run_sync(partial(subprocess.run, run, env=env, capture_output=True))
            haul.add(" ".join(arguments), done.stdout + done.stderr)
    haul.add_files(folder)
    assert haul.found["stderr"] != [b""]
    assert b"delete_load_test" in haul.found["audit --json"][0]
    assert haul.leaks() == []


async def test_the_http_transport_gives_no_secret_away(
    state: Path, archives: tuple[Path, Path], log: pytest.LogCaptureFixture
):
    haul, bearer = Haul(), {"Authorization": f"Bearer {hunt.HTTP_TOKEN}"}
    app = http_app(Settings(backend="sandbox"), "127.0.0.1")
    async with (
        listening(app) as address,
        httpx2.AsyncClient(headers=bearer, timeout=30) as http,
        client_of(streamable_http_client(f"{address}/mcp", http_client=http), haul) as client,
    ):
        for wrong in ({}, {"Authorization": "Bearer wrong"}, bearer | {"X-K6-MCP-Confirm": hunt.HTTP_TOKEN}):
            answer = await http.post(f"{address}/mcp", content="{", headers={"Authorization": ""} | wrong)
            haul.add("refusals", f"{answer.status_code} {answer.headers} {answer.text}")
        await call_all(client, haul, calls(Objects(), *archives)[:20])
        await read_all(client, haul, Objects())
    haul.add_files(state)
    add_log(haul, log)
    assert haul.leaks() == []


async def test_the_hunt_finds_what_is_there_to_be_found(tmp_path: Path):
    haul = Haul()
    (tmp_path / "note").write_bytes(b"\0" + hunt.ENV_VALUE.encode())
    haul.add_files(tmp_path)
    haul.add("log", f"Authorization: Bearer {hunt.CLOUD_TOKEN}")
    haul.add("escaped", json.dumps({"x": hunt.CLOUD_TOKEN}).replace("/", "\\/"))
    document = {"blob": hunt.base64.b64encode(f"...{hunt.OPTIONS_TOKEN}".encode()).decode()}
    haul.add("document", document)
    assert {leak.rsplit(" in ")[0] for leak in haul.leaks()} == {
        hunt.ENV_VALUE,
        hunt.CLOUD_TOKEN,
        hunt.OPTIONS_TOKEN,
    }
    assert len(haul.leaks()) == 4


async def test_a_secret_written_into_a_script_stays_out_of_previews_audit_and_log(
    state: Path, log: pytest.LogCaptureFixture
):
    haul, settings = Haul(), Settings(backend="sandbox")
    secrets = ["hunt-SOURCE-bearer-9kLm", "hunt-SOURCE-password-1zXc"]
    script = f"const headers = {{ Authorization: 'Bearer {secrets[0]}' }};\nconst password = '{secrets[1]}';\n{hunt.SOURCE}"
    server = build_server(partial(open_backend, settings, local_files=True), TOOLS, sandbox=True)
    async with client_of(server, haul) as client:
        upload = {"load_test_id": 1, "script": script}
        back = {"load_test_id": 1, "script": hunt.SOURCE}
        worked = await call_all(client, haul, [("upload_load_test_script", one) for one in (upload, back)])
    haul.add("audit", (state / "audit.jsonl").read_bytes())
    add_log(haul, log)
    assert worked == {"upload_load_test_script"}
    assert haul.leaks(secrets) == []


async def test_the_hunt_finds_a_token_that_a_test_s_name_gives_away(
    state: Path,
):
    haul, settings = Haul(), Settings(backend="sandbox")
    server = build_server(partial(open_backend, settings, local_files=True), TOOLS, sandbox=True)
    async with client_of(server, haul) as client:
        await client.call_tool("update_load_test", {"load_test_id": 1, "name": hunt.ENV_VALUE})
        await call_all(
            client, haul, [("get_load_test", {"load_test_id": 1}), ("delete_load_test", {"load_test_id": 1})]
        )
        haul.add_files(state)
    places = {leak.split(" in ")[1] for leak in haul.leaks()}
    assert {"result of get_load_test", "result of delete_load_test", str(state / "audit.jsonl")} <= places
    assert any("sandbox.db" in place for place in places)
