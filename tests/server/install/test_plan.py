import json
from pathlib import Path
from typing import Any

import pytest

from k6_cloud_mcp.install import jsonc
from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.hosts import BY_NAME, HOSTS, Host
from k6_cloud_mcp.install.plan import (
    is_installed,
    plan_install,
    plan_uninstall,
    snippet,
    without_secrets,
)

REFERENCED = Credentials(("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_URL"))
BY_HOST = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


def entry(host: Host, credentials: Credentials = REFERENCED) -> dict[str, Any]:
    return host.entry(Command("/bin/uv", ("run", "k6-cloud-mcp")), credentials)


@BY_HOST
def test_installing_twice_changes_nothing_the_second_time(host: Host, tmp_path: Path):
    path = tmp_path / "config"
    first = plan_install(host, path, entry(host))
    assert (first.before, first.changes) == (None, True)
    path.write_text(first.after)
    assert not plan_install(host, path, entry(host)).changes
    assert is_installed(host, path)


@BY_HOST
def test_uninstalling_takes_out_what_installing_put_in(host: Host, tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("" if host.is_toml else "{}\n")
    path.write_text(plan_install(host, path, entry(host)).after)
    plan = plan_uninstall(host, path)
    assert plan is not None
    assert "k6" not in plan.after
    path.write_text(plan.after)
    assert plan_uninstall(host, path) is None
    assert not is_installed(host, path)


def test_what_a_user_added_to_the_entry_stays(tmp_path: Path):
    path = tmp_path / "mcp.json"
    mine = {
        "command": "old",
        "disabled": True,
        "env": {"K6_MCP_TOOLSETS": "all", "K6_CLOUD_TOKEN": "planted"},
    }
    path.write_text(json.dumps({"mcpServers": {"k6-cloud": mine}}))
    cursor = BY_NAME["cursor"]
    after = jsonc.read(plan_install(cursor, path, entry(cursor)).after)["mcpServers"]["k6-cloud"]
    assert (after["command"], after["disabled"]) == ("/bin/uv", True)
    assert after["env"] == {
        "K6_MCP_TOOLSETS": "all",
        "K6_CLOUD_TOKEN": "planted",
        "K6_CLOUD_STACK_URL": "${env:K6_CLOUD_STACK_URL}",
    }


def test_a_value_that_was_asked_for_replaces_an_earlier_one(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text('{"mcpServers": {"k6-cloud": {"env": {"K6_CLOUD_TOKEN": "old"}}}}')
    cursor = BY_NAME["cursor"]
    clear = Credentials(REFERENCED.names, clear={"K6_CLOUD_TOKEN": "new", "K6_CLOUD_STACK_URL": "https://a"})
    after = jsonc.read(plan_install(cursor, path, entry(cursor, clear)).after)
    assert after["mcpServers"]["k6-cloud"]["env"]["K6_CLOUD_TOKEN"] == "new"


def test_the_questions_of_vs_code_are_added_once_and_other_ones_stay(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text('{"inputs": [{"id": "mine"}], "servers": {"other": {}}}')
    vscode = BY_NAME["vscode"]
    path.write_text(plan_install(vscode, path, entry(vscode)).after)
    installed = jsonc.read(path.read_text())
    assert [each["id"] for each in installed["inputs"]] == ["mine", "k6-cloud-token", "k6-cloud-stack"]
    assert installed["inputs"][1]["password"] is True
    plan = plan_uninstall(vscode, path)
    assert plan is not None
    assert jsonc.read(plan.after) == {"inputs": [{"id": "mine"}], "servers": {"other": {}}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cursor", '{"mcpServers": {'),
        ("cursor", '{"mcpServers": []}'),
        ("cursor", "[]"),
        ("cursor", '{"mcpServers": {"k6-cloud": "?"}}'),
        ("codex", "[mcp_servers\n"),
        ("codex", "mcp_servers = 1\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_alone_and_the_entry_shown(name: str, text: str, tmp_path: Path):
    path = tmp_path / "config"
    path.write_text(text)
    host = BY_NAME[name]
    with pytest.raises(InstallError) as refused:
        plan_install(host, path, entry(host))
    assert "Nothing was written" in str(refused.value)
    assert "paste this" in str(refused.value)
    assert "/bin/uv" in str(refused.value)
    assert path.read_text() == text


def test_a_file_that_is_not_text_is_left_alone(tmp_path: Path):
    (tmp_path / "config").write_bytes(b"\xff\xfe{}")
    with pytest.raises(InstallError, match="not UTF-8"):
        plan_install(BY_NAME["cursor"], tmp_path / "config", {})


def test_a_diff_shows_neither_tokens_of_other_servers_nor_hides_references(tmp_path: Path):
    path = tmp_path / "mcp.json"
    path.write_text('{\n  "mcpServers": {\n    "other": {"env": {"GITHUB_TOKEN": "planted"}}\n  }\n}\n')
    cursor = BY_NAME["cursor"]
    diff = plan_install(cursor, path, entry(cursor)).diff()
    assert '"GITHUB_TOKEN": "…"' in diff
    assert '"K6_CLOUD_TOKEN": "${env:K6_CLOUD_TOKEN}"' in diff


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('"Authorization": "Bearer planted"', '"Authorization": "…"'),
        ('API_KEY = "planted"', 'API_KEY = "…"'),
        ("api_key = 'planted'", "api_key = '…'"),
        ('"dbPassword":"planted"', '"dbPassword":"…"'),
        ('"command": "uv"', '"command": "uv"'),
    ],
)
def test_values_named_like_secrets_are_not_shown(line: str, shown: str):
    assert without_secrets(line) == shown


def test_a_snippet_is_a_whole_file():
    cursor = BY_NAME["cursor"]
    assert json.loads(snippet(cursor, entry(cursor)))["mcpServers"]["k6-cloud"] == entry(cursor)


@pytest.mark.parametrize("text", ["[" * 5_000, '{"a":' * 5_000, '{"mcpServers": {"k6-cloud": ' + "[" * 5_000])
def test_a_file_nested_without_end_is_refused_with_what_to_paste(tmp_path: Path, text: str):
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(InstallError, match="nested more than 100 levels deep") as refused:
        plan_install(BY_NAME["cursor"], path, entry(BY_NAME["cursor"]))
    assert '"mcpServers"' in str(refused.value)
    assert path.read_text() == text
