"""`install` and `uninstall` as a person types them, in a home of their own."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from k6_cloud_mcp.cli import program

pytestmark = pytest.mark.usefixtures("logging_as_before")
CREDENTIALS = {"K6_CLOUD_TOKEN": "planted-secret", "K6_CLOUD_STACK_URL": "https://a.grafana.net"}
Run = Callable[..., "Result"]


@dataclass(frozen=True)
class Result:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with Cursor and Codex in it, and a shell that knows nothing else."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".codex").mkdir()
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "USERPROFILE": str(home), "PATH": "/usr/bin:/bin"}


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Without a terminal, as an agent or a script runs it."""
    del home

    def run(*arguments: str, **given: str) -> Result:
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        code = program.main(arguments, standalone_mode=False)
        shown = capsys.readouterr()
        return Result(code, shown.out, shown.err)

    return run


def run_on_a_terminal(home: Path, answers: str, *arguments: str) -> tuple[int, str]:
    """The exit code, and all that stood on the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "k6_cloud_mcp", *arguments],
        env=environment(home),
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    shown = b""
    while True:
        try:
            shown += (more := os.read(ours, 4096))
        except OSError:
            break
        if not more:
            break
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def cursor_file(home: Path) -> Path:
    return home / ".cursor" / "mcp.json"


def test_without_a_terminal_it_shows_the_change_and_writes_nothing(home: Path, run: Run):
    result = run("install", "cursor")
    assert result.returncode == 1
    assert '+    "k6-cloud": {' in result.stdout
    assert "Nothing was written" in result.stdout
    assert "--yes" in result.stdout
    assert not cursor_file(home).exists()


def test_a_bare_install_finds_the_hosts_that_are_there(home: Path, run: Run):
    result = run("install", "--yes")
    assert result.returncode == 0, result.stderr
    assert "1. Cursor" in result.stdout
    assert "2. Codex" in result.stdout
    assert "3." not in result.stdout
    assert "k6-cloud" in json.loads(cursor_file(home).read_text())["mcpServers"]
    assert "[mcp_servers.k6-cloud]" in (home / ".codex" / "config.toml").read_text()


def test_on_a_terminal_it_asks_which_and_asks_before_each_file(home: Path):
    code, shown = run_on_a_terminal(home, "1\ny\n", "install")
    assert code == 0, shown
    assert "Which of them?" in shown
    assert "Write this?" in shown
    assert cursor_file(home).exists()
    assert not (home / ".codex" / "config.toml").exists()


def test_a_no_writes_nothing(home: Path):
    code, shown = run_on_a_terminal(home, "n\n", "install", "cursor")
    assert code == 1
    assert "Nothing was written." in shown
    assert not cursor_file(home).exists()


def test_an_end_of_input_writes_nothing(home: Path):
    code, shown = run_on_a_terminal(home, "\x04", "install", "cursor")
    assert code == 1
    assert "Nothing more was written" in shown
    assert "Traceback" not in shown


def test_uninstall_finds_what_install_wrote_and_keeps_the_old_file(home: Path, run: Run):
    cursor_file(home).write_text('{\n  "mcpServers": {\n    "other": {"command": "x"}\n  }\n}\n')
    run("install", "cursor", "--yes")
    result = run("uninstall", "--yes")
    assert result.returncode == 0, result.stderr
    assert json.loads(cursor_file(home).read_text()) == {"mcpServers": {"other": {"command": "x"}}}
    assert len(list(cursor_file(home).parent.glob("mcp.json.*.bak"))) >= 1
    assert "No configuration on this machine has the server" in run("uninstall", "--yes").stderr


def test_a_host_that_is_not_there_is_told_and_written_all_the_same(home: Path, run: Run):
    result = run("install", "windsurf", "--yes")
    assert "Windsurf was not found on this machine" in result.stdout
    assert (home / ".codeium" / "windsurf" / "mcp_config.json").exists()


def test_a_machine_without_hosts_is_told_what_there_is(home: Path, run: Run):
    (home / ".cursor").rmdir()
    (home / ".codex").rmdir()
    result = run("install")
    assert result.returncode == 1
    assert "No AI host was found" in result.stderr
    assert "opencode" in result.stderr


def test_an_unknown_host_is_told_what_there_is(run: Run):
    result = run("install", "emacs")
    assert result.returncode == 1
    assert "no host 'emacs'" in result.stderr
    assert "cursor" in result.stderr


def test_one_file_that_cannot_be_read_does_not_keep_the_others_from_it(home: Path, run: Run):
    cursor_file(home).write_text("{ oops")
    result = run("install", "--yes")
    assert result.returncode == 1
    assert "line 1, column 3" in result.stderr
    assert "Traceback" not in result.stderr
    assert cursor_file(home).read_text() == "{ oops"
    assert (home / ".codex" / "config.toml").exists()


def test_the_token_is_referenced_and_never_shown(home: Path, run: Run):
    result = run("install", "--yes", **CREDENTIALS)
    written = cursor_file(home).read_text() + (home / ".codex" / "config.toml").read_text()
    assert "${env:K6_CLOUD_TOKEN}" in written
    assert "planted-secret" not in written + result.stdout + result.stderr


def test_the_token_is_written_in_clear_only_when_asked_for_and_after_saying_so(home: Path, run: Run):
    result = run("install", "cursor", "--with-token", "--yes", **CREDENTIALS)
    assert result.returncode == 0, result.stderr
    assert result.stdout.index("in clear") < result.stdout.index("k6-cloud")
    assert "planted-secret" not in result.stdout + result.stderr
    assert "planted-secret" in cursor_file(home).read_text()
    assert cursor_file(home).stat().st_mode & 0o077 == 0


def test_a_token_goes_neither_into_a_project_nor_into_a_link(home: Path, run: Run):
    shared = run("install", "cursor", "--scope", "project", "--with-token", "--yes", **CREDENTIALS)
    link = run("install", "cursor", "--link", "--with-token", **CREDENTIALS)
    assert (shared.returncode, link.returncode) == (1, 1)
    assert "planted-secret" not in shared.stdout + shared.stderr + link.stdout + link.stderr
    assert not (home / ".cursor" / "mcp.json").exists()


def test_a_project_gets_its_own_file(home: Path, run: Run):
    result = run("install", "claude-code", "--scope", "project", "--yes")
    assert result.returncode == 0, result.stderr
    assert "k6-cloud" in json.loads((home / ".mcp.json").read_text())["mcpServers"]
    assert not (home / ".claude.json").exists()


def test_printing_gives_the_snippet_alone_on_stdout(home: Path, run: Run):
    result = run("install", "cursor", "--print")
    assert result.returncode == 0
    assert "k6-cloud" in json.loads(result.stdout)["mcpServers"]
    assert "mcp.json" in result.stderr
    assert not cursor_file(home).exists()


def test_a_link_is_printed_for_hosts_that_have_links(run: Run):
    assert run("install", "vscode", "--link").stdout.startswith("vscode:mcp/install?")
    assert "has no install links" in run("install", "zed", "--link").stderr
    assert "Name a host" in run("install", "--link").stderr


def test_what_k6_cloud_login_stored_is_enough(home: Path, run: Run):
    stored = home / ".config" / "k6" / "config.json"
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps({"collectors": {"cloud": {"token": "planted-secret", "stackID": 1}}}))
    given = {"XDG_CONFIG_HOME": str(home / ".config")}
    result = run("install", "cursor", "--yes", **given)
    assert "k6 cloud login" in result.stdout
    assert "planted-secret" not in result.stdout + cursor_file(home).read_text()
    assert "env" not in json.loads(cursor_file(home).read_text())["mcpServers"]["k6-cloud"]


def test_who_will_use_the_sandbox_is_told_when_it_has_no_k6(run: Run):
    assert "k6 was not found" in run("install", "cursor", "--yes", K6_PATH="/nowhere/k6").stdout
    assert (
        "k6 was not found"
        not in run("install", "codex", "--yes", K6_PATH="/nowhere/k6", **CREDENTIALS).stdout
    )
