"""The command `sandbox`, in a process of its own."""

import os
import re
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.streams.text import TextReceiveStream

COMMAND = (sys.executable, "-m", "k6_cloud_mcp", "sandbox")
STACK = {"X-Stack-Id": "1"}
API = "/cloud/v6/load_tests"


def environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("K6_")}
    return {**kept, "K6_SANDBOX_DIR": str(folder), **variables}


@asynccontextmanager
async def sandbox(folder: Path, *options: str, **variables: str) -> AsyncGenerator[str, None]:
    """What a sandbox says when it has started; it is stopped at the end."""
    command = [*COMMAND, "--port", "0", *options]
    async with await anyio.open_process(command, env=environment(folder, **variables)) as process:
        assert process.stderr
        said = ""
        try:
            with anyio.fail_after(30):
                async for text in TextReceiveStream(process.stderr):
                    said += text
                    if "curl" in said and said.endswith("\n"):
                        break
            yield said
        finally:
            process.terminate()


async def outcome(folder: Path, *options: str, **variables: str) -> tuple[int, str]:
    """The exit code and the words of a sandbox that does not start."""
    result = await anyio.run_process([*COMMAND, *options], env=environment(folder, **variables), check=False)
    return result.returncode, result.stderr.decode()


def variables_in(said: str) -> dict[str, str]:
    return dict(re.findall(r"export (\w+)=(\S+)", said))


def client(said: str, token: str | None = None, **headers: str) -> httpx.AsyncClient:
    authorization = {"Authorization": f"Bearer {token}"} if token is not None else {}
    address = variables_in(said)["K6_CLOUD_HOST_V6"]
    return httpx.AsyncClient(base_url=address, headers=STACK | authorization | headers)


async def test_the_variables_that_it_prints_open_the_api_and_nothing_else_does(tmp_path: Path):
    async with sandbox(tmp_path) as said:
        token = variables_in(said)["K6_CLOUD_TOKEN"]
        async with client(said, token) as http:
            tests = await http.get(API)
        answers: dict[str | None, int] = {}
        for wrong in (None, "any", "sandbox", token[:-1], f"{token}x", token.upper()):
            async with client(said, wrong) as http:
                answers[wrong] = (await http.get(API)).status_code
    assert variables_in(said)["K6_CLOUD_STACK_ID"] == "1"
    assert len(tests.json()["value"]) == 3
    assert {*answers.values()} == {401}


async def test_run_pages_and_the_demo_target_need_no_token(tmp_path: Path):
    async with sandbox(tmp_path) as said, client(said) as http:
        demo = re.findall(r"Demo target for scripts: (\S+)", said)[0]
        statuses = [(await http.get(place)).status_code for place in ("/", f"{demo}products")]
        moved = await http.get("/demo/products")
    assert statuses == [200, 200]
    assert (moved.status_code, moved.headers["Location"]) == (410, f"{demo}products")


async def test_the_token_is_kept_for_its_owner_alone_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        async with sandbox(tmp_path / "state") as said:
            first = variables_in(said)["K6_CLOUD_TOKEN"]
    finally:
        os.umask(before)
    async with sandbox(tmp_path / "state") as said:
        assert variables_in(said)["K6_CLOUD_TOKEN"] == first
    file = tmp_path / "state" / "token"
    assert len(first) >= 40
    assert file.read_text().strip() == first
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_token_that_is_set_counts_alone_and_is_not_printed(tmp_path: Path):
    async with sandbox(tmp_path, K6_SANDBOX_TOKEN="operators-choice") as said:
        async with client(said, "operators-choice") as http:
            right = await http.get(API)
        async with client(said, "another") as http:
            wrong = await http.get(API)
    assert (right.status_code, wrong.status_code) == (200, 401)
    assert "operators-choice" not in said
    assert variables_in(said)["K6_CLOUD_TOKEN"] == '"$K6_SANDBOX_TOKEN"'
    assert not (tmp_path / "token").exists()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("LocalHost:99", 200),
        ("[::1]:99", 200),
        ("k6.internal", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
    ],
)
async def test_only_known_host_names_are_answered(tmp_path: Path, host: str, status: int):
    async with sandbox(tmp_path, "--allow-host", "k6.internal") as said:
        token = variables_in(said)["K6_CLOUD_TOKEN"]
        async with client(said, token, Host=host) as http:
            answers = [(await http.get(path)).status_code for path in (API, "/")]
    assert answers == [status, status]


async def test_on_all_addresses_a_foreign_host_name_is_refused_too(tmp_path: Path):
    async with sandbox(tmp_path, "--host", "0.0.0.0", K6_SANDBOX_TOKEN="chosen") as said:
        async with client(said, "chosen") as http:
            known = await http.get(API)
        async with client(said, "chosen", Host="evil.example") as http:
            foreign = await http.get(API)
    assert (known.status_code, foreign.status_code) == (200, 400)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
async def test_beyond_loopback_a_token_has_to_be_chosen(tmp_path: Path, host: str):
    code, said = await outcome(tmp_path / "state", "--host", host, "--port", "0")
    assert code != 0
    assert said.startswith(f"k6-cloud-mcp: Listening on {host} would let anyone on the network run scripts")
    assert "K6_SANDBOX_TOKEN" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "state").exists()


async def test_a_port_that_is_taken_is_one_line_and_nothing_is_announced(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = await outcome(tmp_path, "--port", port)
        demo_code, demo_said = await outcome(tmp_path, "--port", "0", K6_SANDBOX_DEMO_PORT=port)
    assert (code, demo_code) == (1, 1)
    assert said.startswith(
        f"k6-cloud-mcp: The sandbox cannot listen on 127.0.0.1:{port}: Address already in use."
    )
    assert "K6_SANDBOX_DEMO_PORT" in demo_said
    assert said.count("\n") == demo_said.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"K6_SANDBOX_ALLOW_HOSTS": "http://shop.example"}, "K6_SANDBOX_ALLOW_HOSTS"),
        ({"K6_SANDBOX_DEMO_PORT": "demo"}, "K6_SANDBOX_DEMO_PORT"),
        ({"K6_SANDBOX_DIR": "/dev/null/sandbox"}, "K6_SANDBOX_DIR"),
    ],
)
async def test_a_setting_that_cannot_be_used_is_one_line(
    tmp_path: Path, variables: dict[str, str], named: str
):
    code, said = await outcome(tmp_path, "--port", "0", **variables)
    assert code == 1
    assert named in said
    assert said.count("\n") == 1
