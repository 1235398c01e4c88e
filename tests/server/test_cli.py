"""The command line, as a person types it."""

import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

PROGRAM = [sys.executable, "-m", "k6_cloud_mcp"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", **environment}
    return subprocess.run(
        [*PROGRAM, *arguments], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def test_on_a_terminal_it_explains_itself_instead_of_hanging():
    terminal, other_end = pty.openpty()
    result = subprocess.run(PROGRAM, stdin=other_end, capture_output=True, text=True, timeout=30, check=False)
    os.close(terminal)
    os.close(other_end)
    assert result.returncode == 0
    assert "claude mcp add" in result.stdout
    assert "doctor" in result.stdout


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"k6-cloud-mcp \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["audit"], ["token", "me"], ["install", "cursor", "--print"], ["demo"]]
)
def test_a_command_whose_output_nobody_reads_ends_quietly(tmp_path: Path, arguments: list[str]):
    reader, writer = os.pipe()
    os.close(reader)
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path)}
    result = subprocess.run(
        [*PROGRAM, *arguments],
        env=env,
        stdout=writer,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    os.close(writer)
    assert result.returncode in (1, 141)
    assert b"Broken pipe" not in result.stderr
    assert b"Traceback" not in result.stderr


def test_an_unknown_command_is_a_wrong_call():
    result = run("frobnicate")
    assert result.returncode == 2
    assert "frobnicate" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["serve", "--port", "x"], ["token"], ["serve", "--transport", "tcp"], ["audit", "--what"]]
)
def test_a_wrong_call_ends_with_2_and_says_how_it_is_called(arguments: list[str]):
    result = run(*arguments)
    assert result.returncode == 2
    assert f"Usage: k6-cloud-mcp {arguments[0]}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize(
    "command", ["serve", "sandbox", "demo", "doctor", "audit", "token", "trust", "install", "uninstall"]
)
def test_every_command_explains_itself(command: str, flag: str):
    result = run(command, flag)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: k6-cloud-mcp {command}")


@pytest.mark.parametrize("workers", [["--workers", "4"], ["--workers=1"]])
def test_a_flag_that_is_gone_says_what_to_do_instead(workers: list[str]):
    result = run("serve", "--transport", "http", *workers)
    assert result.returncode == 2
    assert "--workers no longer exists" in result.stderr
    assert "K6_MCP_SHARED_KEY" in result.stderr
    assert "--workers" not in run("serve", "-h").stdout


def test_a_port_that_is_taken_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "--transport", "http", "--port", port)
    *warnings, last = result.stderr.splitlines()
    assert result.returncode == 1
    assert last.startswith(
        f"k6-cloud-mcp: Cannot listen on 127.0.0.1 port {port}: Address already in use. Nothing was started."
    )
    assert not [line for line in warnings if "Listening" in line or "Traceback" in line]


def test_output_that_nobody_reads_to_its_end_is_no_failure_of_ours(tmp_path: Path):
    program = f"{' '.join(PROGRAM)} doctor | head -n 1"
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path)}
    result = subprocess.run(program, shell=True, env=env, capture_output=True, text=True, check=False)
    assert "Backend" in result.stdout
    assert "Traceback" not in result.stderr


def test_an_open_door_to_the_network_is_refused_in_one_line():
    result = run("serve", "--transport", "http", "--host", "0.0.0.0")
    assert result.returncode == 1
    assert "K6_MCP_HTTP_TOKEN" in result.stderr
    assert "Traceback" not in result.stderr


def test_doctor_finds_a_healthy_sandbox(tmp_path: Path):
    result = run("doctor", K6_SANDBOX_DIR=str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "sandbox on this machine" in result.stdout
    assert re.search(r"k6: v\d", result.stdout)
    assert re.search(r"ok +Confinement: scripts are confined by ", result.stdout)


def test_doctor_tells_the_policy_and_how_calls_of_a_client_are_decided(tmp_path: Path):
    rules = {"K6_MCP_ALLOW": "start_load_test", "K6_MCP_MAX_VUS": "100"}
    result = run("doctor", "--client", "claude-ai", K6_SANDBOX_DIR=str(tmp_path), **rules)
    assert "without asking: start_load_test; all projects; at most 100 VUs" in result.stdout
    assert "start_load_test: done without asking" in result.stdout
    assert "two steps: a preview" in result.stdout


@pytest.mark.parametrize("command", [["serve"], ["serve", "--transport", "http"], ["doctor"]])
def test_a_proxy_that_cannot_be_used_is_told_in_one_line_that_does_not_quote_it(
    command: list[str], tmp_path: Path
):
    cloud = {"K6_MCP_BACKEND": "cloud", "K6_CLOUD_TOKEN": "token", "K6_CLOUD_STACK_ID": "1"}
    result = run(*command, **cloud, ALL_PROXY="socks4://me:planted@h:1", XDG_CONFIG_HOME=str(tmp_path))
    told = result.stdout + result.stderr
    assert result.returncode == 1
    assert "ALL_PROXY names a proxy of a kind that cannot be used" in told
    assert "Traceback" not in told
    assert "planted" not in told


def test_rules_that_contradict_each_other_stop_the_start_in_one_line():
    result = run("serve", K6_MCP_CONFIRM="ask", K6_MCP_ALLOW="start_load_test")
    assert result.returncode != 0
    assert result.stderr.startswith("k6-cloud-mcp: K6_MCP_ALLOW lets tools run without asking")
    assert "Traceback" not in result.stderr


def test_doctor_names_the_fix_for_a_missing_k6_and_an_unusable_directory(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    result = run("doctor", K6_SANDBOX_DIR=str(blocked), K6_PATH=str(tmp_path / "no-k6"))
    assert result.returncode == 1
    assert "FAIL k6: not found" in result.stdout
    assert "K6_SANDBOX_DIR" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_doctor_tells_what_is_wrong_with_the_cloud_credentials(tmp_path: Path):
    result = run(
        "doctor",
        K6_MCP_BACKEND="cloud",
        K6_CLOUD_TOKEN="planted-secret",
        K6_CLOUD_STACK_URL="https://a.grafana.net",
        K6_CLOUD_HOST_V6="http://127.0.0.1:9",
        XDG_CONFIG_HOME=str(tmp_path),
    )
    assert result.returncode == 1
    assert "FAIL Stack" in result.stdout
    assert "FAIL Access" in result.stdout
    assert "planted-secret" not in result.stdout + result.stderr


async def test_the_demo_ends_with_a_passed_run():
    process = await anyio.run_process([*PROGRAM, "demo"], check=False)
    output = process.stdout.decode()
    assert process.returncode == 0, output
    assert "Result: passed" in output
    assert "Cost: 0.083 VUh" in output
