"""The entry for the server, by kind of host. Its references are those that the host itself resolves."""

from collections.abc import Callable
from typing import Any

from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import TOKEN, Credentials

Entry = Callable[[Command, Credentials], dict[str, Any]]

INPUTS = [
    {
        "id": "k6-cloud-token",
        "type": "promptString",
        "description": "Grafana Cloud k6 API token (empty: the sandbox, or what `k6 cloud login` stored)",
        "password": True,
    },
    {
        "id": "k6-cloud-stack",
        "type": "promptString",
        "description": "Grafana Cloud stack, as https://my-team.grafana.net (empty: as above)",
    },
]


def plain(reference: str | None) -> Entry:
    """Command, arguments and environment; `reference` is how the host names a variable of its own environment."""

    def entry(command: Command, credentials: Credentials) -> dict[str, Any]:
        return _run(command) | _env("env", _values(credentials, reference))

    return entry


def typed(reference: str) -> Entry:
    """The same, with the transport named."""
    inner = plain(reference)
    return lambda command, credentials: {"type": "stdio"} | inner(command, credentials)


def listed(reference: str) -> Entry:
    """The command as one list, as opencode has it."""

    def entry(command: Command, credentials: Credentials) -> dict[str, Any]:
        line = [command.program, *command.args]
        return {"type": "local", "command": line} | _env("environment", _values(credentials, reference))

    return entry


def prompted(command: Command, credentials: Credentials) -> dict[str, Any]:
    """VS Code's: it asks for INPUTS once and keeps them in its secret store."""
    values = credentials.clear or {
        name: f"${{input:{INPUTS[0 if name == TOKEN else 1]['id']}}}"
        for name in ((TOKEN, "K6_CLOUD_STACK_URL") if credentials.names else ())
    }
    return {"type": "stdio"} | _run(command) | _env("env", dict(values))


def forwarded(command: Command, credentials: Credentials) -> dict[str, Any]:
    """Codex's: the names of the variables that it hands on."""
    if credentials.clear:
        return _run(command) | {"env": dict(credentials.clear)}
    return _run(command) | ({"env_vars": list(credentials.names)} if credentials.names else {})


def _run(command: Command) -> dict[str, Any]:
    return {"command": command.program, "args": list(command.args)}


def _values(credentials: Credentials, reference: str | None) -> dict[str, str]:
    if credentials.clear:
        return dict(credentials.clear)
    return {name: reference % name for name in credentials.names} if reference else {}


def _env(key: str, values: dict[str, str]) -> dict[str, Any]:
    return {key: values} if values else {}
