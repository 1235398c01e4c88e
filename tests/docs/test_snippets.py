"""What the documentation shows works: snippets behind a comment `<!-- test: … -->` are run, and all others can be read."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.servers import content_of, open_world

from k6_cloud_mcp.config.settings import Settings

DOCS = Path(__file__).parent.parent.parent / "docs"
FENCE = re.compile(
    r"(?:<!-- test: (?P<test>[^>]+?) -->\n)?^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
TESTS = {"run", "script", "findings", "python", "policy", "host"}


@dataclass(frozen=True)
class Snippet:
    """A fenced block of a page; `test` is what its comment says."""

    place: str
    language: str
    text: str
    test: str


def _snippets() -> list[Snippet]:
    return [
        Snippet(
            f"{page.relative_to(DOCS)}:{text[: found.start('text')].count(chr(10))}",
            found["language"],
            textwrap.dedent(found["text"]),
            found["test"] or "",
        )
        for page in sorted(DOCS.rglob("*.md"))
        for text in [page.read_text("utf-8")]
        for found in FENCE.finditer(text)
    ]


SNIPPETS = _snippets()


def every(kind: str) -> pytest.MarkDecorator:
    """Every snippet that is to be tested in this way."""
    chosen = [one for one in SNIPPETS if one.test.split(" ")[0] == kind]
    return pytest.mark.parametrize("snippet", chosen, ids=lambda one: one.place)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a reader in a fresh clone has: an empty home, no credentials, and `uv run`."""
    tools = tmp_path / "bin"
    tools.mkdir()
    # The environment is there already: as `uv run` does then, it runs the command in it.
    (tools / "uv").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (tools / "uv").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("K6_CLOUD_", "XDG_"))}
    return {**kept, "PATH": path, "HOME": str(tmp_path), "K6_SANDBOX_DIR": str(tmp_path / "sandbox")}


def test_there_are_snippets_of_every_kind_and_no_others():
    assert {one.test.split(" ")[0] for one in SNIPPETS if one.test} == TESTS


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda one: one.place)
def test_every_snippet_can_be_read(snippet: Snippet):
    if snippet.language == "json":
        json.loads(snippet.text)
    elif snippet.language == "toml":
        tomllib.loads(snippet.text)
    elif snippet.language == "python":
        compile(snippet.text, snippet.place, "exec")
    elif snippet.language == "sh" and (bash := shutil.which("bash")):
        subprocess.run([bash, "-n"], input=snippet.text.encode(), check=True)


@every("run")
def test_commands_do_what_they_should(snippet: Snippet, environment: dict[str, str], tmp_path: Path):
    command = ["bash", "-euc", snippet.text]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@every("python")
def test_programs_do_what_they_should(snippet: Snippet, environment: dict[str, str], tmp_path: Path):
    program = [sys.executable, "-c", snippet.text]
    done = subprocess.run(program, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "completed passed" in done.stdout


@every("policy")
def test_policies_can_be_used(snippet: Snippet, tmp_path: Path):
    (tmp_path / "policy.toml").write_text(snippet.text)
    assert Settings(policy_file=tmp_path / "policy.toml").policy().confirm == "policy"


@every("host")
async def test_entries_of_hosts_start_the_server(
    snippet: Snippet, environment: dict[str, str], tmp_path: Path
):
    servers: dict[str, dict[str, Any]] = json.loads(snippet.text)["mcpServers"]
    (entry,) = servers.values()
    (tmp_path / "agent.toml").write_text('confirm = "policy"')
    server = StdioServerParameters(
        command=shutil.which(str(entry["command"]), path=environment["PATH"]) or "",
        args=entry["args"],
        env={**environment, **entry["env"]},
        cwd=tmp_path,
    )
    async with Client(stdio_client(server)) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
    assert {"lint_script", "start_load_test"} <= tools
    assert "create_load_test" not in tools


@every("script")
async def test_scripts_have_no_findings(snippet: Snippet):
    assert await _findings(snippet.text) == set()


@every("findings")
async def test_scripts_have_the_findings_that_are_told(snippet: Snippet):
    assert await _findings(snippet.text) == set(snippet.test.removeprefix("findings ").split(", "))


async def _findings(script: str) -> set[str]:
    async with open_world() as world, world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"script": script}))
    return {found["rule"] for found in linted["findings"]}
