"""`install` and `uninstall`, from their options to their exit code."""

import os
from collections.abc import Callable, Sequence

import anyio
import click

from k6_cloud.config.k6_login import read_login
from k6_cloud.errors import ConfigurationError
from k6_cloud_mcp.install.command import Command, Origin, start_command
from k6_cloud_mcp.install.credentials import TOKEN, Credentials, find_credentials
from k6_cloud_mcp.install.dialogue import Dialogue
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.hosts import BY_NAME, Host, Scope
from k6_cloud_mcp.install.machine import Machine
from k6_cloud_mcp.terminal import echo
from k6_runner.binary import INSTALL_HINT, find_k6


def run_install(
    hosts: Sequence[str], scope: Scope, *, yes: bool, prints: bool, link: bool, with_token: bool
) -> int:
    """Write the server into hosts, or print what would be written. The exit code."""

    def work() -> int:
        credentials = find_credentials(os.environ, read_login(), with_token=with_token)
        dialogue = _dialogue(scope, credentials, yes=yes)
        if prints or link:
            return dialogue.show(_hosts(hosts), link=link)
        code = dialogue.install(_hosts(hosts))
        if code == 0 and not credentials.login and not os.environ.get(TOKEN):
            anyio.run(_note_on_k6)
        return code

    return _answered(work)


def run_uninstall(hosts: Sequence[str], scope: Scope, *, yes: bool) -> int:
    """Take the server out of hosts. The exit code."""
    return _answered(lambda: _dialogue(scope, Credentials(), yes=yes).uninstall(_hosts(hosts)))


async def _note_on_k6() -> None:
    """Say it if the sandbox, which is what works without credentials, lacks its k6."""
    if await find_k6(os.environ.get("K6_PATH")) is None:
        echo(f"k6 was not found: the sandbox can store tests, but not run them. {INSTALL_HINT}")


def _dialogue(scope: Scope, credentials: Credentials, *, yes: bool) -> Dialogue:
    command: Command = start_command(Origin.here())
    return Dialogue(Machine.here(), command, credentials, scope, yes)


def _hosts(names: Sequence[str]) -> list[Host]:
    """The hosts by name. Raises InstallError for one that does not exist."""
    if unknown := [name for name in names if name not in BY_NAME]:
        raise InstallError(f"There is no host {unknown[0]!r}. There are: {', '.join(BY_NAME)}.")
    return [BY_NAME[name] for name in names]


def _answered(run: Callable[[], int]) -> int:
    try:
        return run()
    except (InstallError, ConfigurationError) as error:
        echo(f"k6-cloud-mcp: {error}", err=True)
    except click.Abort:
        echo("\nNothing more was written.", err=True)
    return 1
