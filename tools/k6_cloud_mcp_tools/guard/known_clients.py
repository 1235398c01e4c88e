"""Hosts that are known to promise questions and not to ask them, and what they do instead.

A capability says what a host's library can do, not whether a form appears. Sources: the hosts' public issues
(anthropics/claude-ai-mcp#1046, anthropics/claude-code#88901, openai/codex#17164).
"""

from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["asks", "hangs", "answers by itself", "cannot ask"]


@dataclass(frozen=True)
class Host:
    """A host by the name it gives as a client, and what it does with a form."""

    client: str
    title: str
    behaviour: Behaviour

    @property
    def is_reliable(self) -> bool:
        """Whether a form reaches a person."""
        return self.behaviour == "asks"


HOSTS = (
    Host("claude-code", "Claude Code", "asks"),
    Host("claude-ai", "Claude Desktop, claude.ai and Cowork", "hangs"),
    Host("visual studio code", "VS Code", "asks"),
    Host("github-copilot", "Copilot CLI", "asks"),
    Host("cursor", "Cursor", "asks"),
    Host("codex", "Codex", "answers by itself"),
    Host("opencode", "OpenCode", "cannot ask"),
    Host("zed", "Zed", "cannot ask"),
)


def known_host(client: str | None) -> Host | None:
    """The known host behind a client's name, such as `Cursor` or `cursor-vscode 1.0`; None for others."""
    name = (client or "").casefold().replace("_", "-")
    return next((host for host in HOSTS if _is_named(host.client, name)), None)


def _is_named(host: str, client: str) -> bool:
    rest = client.removeprefix(host)
    return client.startswith(host) and not rest[:1].isalnum()
