"""The AI hosts: where each keeps its configuration, and what an entry looks like there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from k6_cloud_mcp.install import entries
from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.machine import Machine

Scope = Literal["user", "project"]


@dataclass(frozen=True)
class Host:
    """An AI host. `traces` are files and folders that show it is there; `section` holds its servers by name."""

    name: str
    title: str
    user_file: Callable[[Machine], Path]
    section: str
    entry: Callable[[Command, Credentials], dict[str, Any]]
    traces: Callable[[Machine], list[Path]]
    programs: tuple[str, ...] = ()
    project_file: str | None = None
    hands_on: bool = True
    then: str = "Start a new session"

    def file(self, machine: Machine, scope: Scope) -> Path:
        """The configuration file. Raises InstallError where the host has none for a project."""
        if scope == "user":
            return self.user_file(machine)
        if self.project_file is None:
            raise InstallError(f"{self.title} has no configuration file for a project. Use --scope user.")
        return machine.folder / self.project_file

    def is_on(self, machine: Machine) -> bool:
        return any(map(machine.has_program, self.programs)) or any(
            trace.exists() for trace in self.traces(machine)
        )

    @property
    def is_toml(self) -> bool:
        return self.section == "mcp_servers"


def _claude_desktop(machine: Machine) -> Path:
    # The Microsoft Store's edition sees a folder of its own in place of the roaming one.
    store = machine.local_data / "Packages" / "Claude_pzs8sxrjxfjjc" / "LocalCache" / "Roaming"
    folder = store if machine.platform == "win32" and store.exists() else machine.app_config
    return folder / "Claude" / "claude_desktop_config.json"


def _claude_code(machine: Machine) -> Path:
    return machine.named_or("CLAUDE_CONFIG_DIR", machine.home) / ".claude.json"


def _vscode(machine: Machine) -> Path:
    return machine.app_config / "Code" / "User" / "mcp.json"


def _codex(machine: Machine) -> Path:
    return machine.named_or("CODEX_HOME", machine.home / ".codex") / "config.toml"


def _zed(machine: Machine) -> Path:
    folder = machine.app_config / "Zed" if machine.platform == "win32" else machine.xdg_config / "zed"
    return folder / "settings.json"


def _opencode(machine: Machine) -> Path:
    folder = machine.xdg_config / "opencode"
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"


def _in_home(*parts: str) -> Callable[[Machine], Path]:
    return lambda machine: machine.home.joinpath(*parts)


def _folder_of(file: Callable[[Machine], Path]) -> Callable[[Machine], list[Path]]:
    return lambda machine: [file(machine).parent]


_cursor, _gemini = _in_home(".cursor", "mcp.json"), _in_home(".gemini", "settings.json")
_windsurf = _in_home(".codeium", "windsurf", "mcp_config.json")

HOSTS = (
    Host(
        "claude-code",
        "Claude Code",
        _claude_code,
        "mcpServers",
        entries.typed("${%s:-}"),
        lambda machine: [_claude_code(machine), machine.home / ".claude"],
        ("claude",),
        ".mcp.json",
    ),
    Host(
        "claude-desktop",
        "Claude Desktop",
        _claude_desktop,
        "mcpServers",
        entries.plain(None),
        _folder_of(_claude_desktop),
        hands_on=False,
        then="Quit Claude Desktop and start it again",
    ),
    Host(
        "vscode",
        "VS Code",
        _vscode,
        "servers",
        entries.prompted,
        _folder_of(_vscode),
        ("code",),
        ".vscode/mcp.json",
        then="Open the chat in agent mode",
    ),
    Host(
        "cursor",
        "Cursor",
        _cursor,
        "mcpServers",
        entries.plain("${env:%s}"),
        _folder_of(_cursor),
        ("cursor",),
        ".cursor/mcp.json",
        then="Restart Cursor",
    ),
    Host(
        "codex",
        "Codex",
        _codex,
        "mcp_servers",
        entries.forwarded,
        _folder_of(_codex),
        ("codex",),
    ),
    Host(
        "gemini",
        "Gemini CLI",
        _gemini,
        "mcpServers",
        entries.plain("${%s:-}"),
        _folder_of(_gemini),
        ("gemini",),
        ".gemini/settings.json",
    ),
    Host("zed", "Zed", _zed, "context_servers", entries.plain(None), _folder_of(_zed), ("zed", "zeditor")),
    Host(
        "windsurf",
        "Windsurf",
        _windsurf,
        "mcpServers",
        entries.plain("${env:%s}"),
        _folder_of(_windsurf),
        ("windsurf",),
        then="Restart Windsurf",
    ),
    Host(
        "opencode",
        "opencode",
        _opencode,
        "mcp",
        entries.listed("{env:%s}"),
        _folder_of(_opencode),
        ("opencode",),
        "opencode.json",
    ),
)
BY_NAME = {host.name: host for host in HOSTS}
