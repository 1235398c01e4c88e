from pathlib import Path

import pytest

from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.hosts import BY_NAME, HOSTS, Host
from k6_cloud_mcp.install.machine import Machine

HOME = Path("/home/me")
COMMAND = Command("/bin/uv", ("run", "k6-cloud-mcp"))
REFERENCED = Credentials(("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_URL"))


def machine(platform: str, **env: str) -> Machine:
    return Machine(platform, HOME, Path("/project"), env)


MAC = "Library/Application Support"
WINDOWS = "AppData/Roaming"


@pytest.mark.parametrize(
    ("host", "linux", "mac", "windows"),
    [
        ("claude-code", ".claude.json", ".claude.json", ".claude.json"),
        (
            "claude-desktop",
            ".config/Claude/claude_desktop_config.json",
            f"{MAC}/Claude/claude_desktop_config.json",
            f"{WINDOWS}/Claude/claude_desktop_config.json",
        ),
        (
            "vscode",
            ".config/Code/User/mcp.json",
            f"{MAC}/Code/User/mcp.json",
            f"{WINDOWS}/Code/User/mcp.json",
        ),
        ("cursor", ".cursor/mcp.json", ".cursor/mcp.json", ".cursor/mcp.json"),
        ("codex", ".codex/config.toml", ".codex/config.toml", ".codex/config.toml"),
        ("gemini", ".gemini/settings.json", ".gemini/settings.json", ".gemini/settings.json"),
        ("zed", ".config/zed/settings.json", ".config/zed/settings.json", f"{WINDOWS}/Zed/settings.json"),
        (
            "windsurf",
            ".codeium/windsurf/mcp_config.json",
            ".codeium/windsurf/mcp_config.json",
            ".codeium/windsurf/mcp_config.json",
        ),
        (
            "opencode",
            ".config/opencode/opencode.json",
            ".config/opencode/opencode.json",
            ".config/opencode/opencode.json",
        ),
    ],
)
def test_each_host_has_its_file_on_each_system(host: str, linux: str, mac: str, windows: str):
    files = {system: BY_NAME[host].file(machine(system), "user") for system in ("linux", "darwin", "win32")}
    assert files == {"linux": HOME / linux, "darwin": HOME / mac, "win32": HOME / windows}


@pytest.mark.parametrize(
    ("host", "platform", "variable", "file"),
    [
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("codex", "darwin", "CODEX_HOME", "config.toml"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("zed", "linux", "XDG_CONFIG_HOME", "zed/settings.json"),
        ("claude-desktop", "win32", "APPDATA", "Claude/claude_desktop_config.json"),
    ],
)
def test_a_folder_that_a_variable_names_is_used(host: str, platform: str, variable: str, file: str):
    assert BY_NAME[host].file(machine(platform, **{variable: "/else"}), "user") == Path("/else", file)


def test_the_store_edition_of_claude_desktop_has_a_folder_of_its_own(tmp_path: Path):
    store = tmp_path / "Packages" / "Claude_pzs8sxrjxfjjc" / "LocalCache" / "Roaming"
    store.mkdir(parents=True)
    found = BY_NAME["claude-desktop"].file(machine("win32", LOCALAPPDATA=str(tmp_path)), "user")
    assert found == store / "Claude" / "claude_desktop_config.json"


def test_opencode_with_a_commented_file_keeps_to_it(tmp_path: Path):
    commented = tmp_path / "opencode" / "opencode.jsonc"
    commented.parent.mkdir()
    commented.touch()
    assert BY_NAME["opencode"].file(machine("linux", XDG_CONFIG_HOME=str(tmp_path)), "user") == commented


@pytest.mark.parametrize(
    ("host", "file"),
    [
        ("claude-code", ".mcp.json"),
        ("vscode", ".vscode/mcp.json"),
        ("cursor", ".cursor/mcp.json"),
        ("gemini", ".gemini/settings.json"),
        ("opencode", "opencode.json"),
    ],
)
def test_hosts_with_a_file_for_a_project_have_it_in_the_project(host: str, file: str):
    assert BY_NAME[host].file(machine("linux"), "project") == Path("/project", file)


@pytest.mark.parametrize(
    "host", [host for host in HOSTS if host.project_file is None], ids=lambda host: host.name
)
def test_hosts_without_one_say_so(host: Host):
    with pytest.raises(InstallError, match="--scope user"):
        host.file(machine("linux"), "project")


def test_a_host_is_found_by_its_program_or_by_its_folder(tmp_path: Path):
    program = tmp_path / "bin" / "zeditor"
    program.parent.mkdir()
    program.touch(mode=0o755)
    (tmp_path / ".cursor").mkdir()
    here = Machine("linux", tmp_path, tmp_path, {"PATH": str(program.parent)})
    assert [host.name for host in HOSTS if host.is_on(here)] == ["cursor", "zed"]


def referenced(before: str, after: str) -> dict[str, str]:
    return {name: f"{before}{name}{after}" for name in REFERENCED.names}


@pytest.mark.parametrize(
    ("host", "rest"),
    [
        ("claude-code", {"type": "stdio", "env": referenced("${", ":-}")}),
        ("claude-desktop", {}),
        ("cursor", {"env": referenced("${env:", "}")}),
        ("codex", {"env_vars": list(REFERENCED.names)}),
        ("gemini", {"env": referenced("${", ":-}")}),
        ("zed", {}),
        ("windsurf", {"env": referenced("${env:", "}")}),
        (
            "vscode",
            {
                "type": "stdio",
                "env": {
                    "K6_CLOUD_TOKEN": "${input:k6-cloud-token}",
                    "K6_CLOUD_STACK_URL": "${input:k6-cloud-stack}",
                },
            },
        ),
    ],
)
def test_credentials_are_referenced_in_the_hosts_own_way(host: str, rest: dict[str, object]):
    entry = BY_NAME[host].entry(COMMAND, REFERENCED)
    assert entry == {"command": "/bin/uv", "args": ["run", "k6-cloud-mcp"], **rest}


def test_opencode_has_the_command_as_one_list():
    assert BY_NAME["opencode"].entry(COMMAND, REFERENCED) == {
        "type": "local",
        "command": ["/bin/uv", "run", "k6-cloud-mcp"],
        "environment": referenced("{env:", "}"),
    }


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_after_a_login_an_entry_is_the_command_alone(host: Host):
    entry = host.entry(COMMAND, Credentials(login=Path("/home/me/.config/k6/config.json")))
    assert entry.keys() <= {"type", "command", "args"}


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_the_values_themselves_stand_there_only_when_asked_for(host: Host):
    clear = Credentials(
        REFERENCED.names, clear={"K6_CLOUD_TOKEN": "planted", "K6_CLOUD_STACK_URL": "https://a"}
    )
    assert "planted" in str(host.entry(COMMAND, clear))
    assert "planted" not in str(host.entry(COMMAND, REFERENCED))
