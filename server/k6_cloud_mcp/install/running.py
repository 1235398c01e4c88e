"""`install` and `uninstall`, from their options to their exit code."""

import argparse
import os
from collections.abc import Callable

import anyio
import click

from k6_cloud_mcp.config.k6_login import read_login
from k6_cloud_mcp.install.command import Command, Origin, start_command
from k6_cloud_mcp.install.credentials import TOKEN, Credentials, find_credentials
from k6_cloud_mcp.install.dialogue import Dialogue
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.hosts import BY_NAME, Host
from k6_cloud_mcp.install.machine import Machine
from k6_runner.binary import INSTALL_HINT, find_k6


def run_install(options: argparse.Namespace) -> int:
    """Write the server into hosts, or print what would be written. The exit code."""
    return _answered(lambda: _install(options))


def run_uninstall(options: argparse.Namespace) -> int:
    """Take the server out of hosts. The exit code."""
    return _answered(lambda: _dialogue(options, Credentials()).uninstall(_hosts(options)))


def _install(options: argparse.Namespace) -> int:
    credentials = find_credentials(os.environ, read_login(), with_token=options.with_token)
    dialogue = _dialogue(options, credentials)
    if options.print or options.link:
        return dialogue.show(_hosts(options), link=options.link)
    code = dialogue.install(_hosts(options))
    if code == 0 and not credentials.login and not os.environ.get(TOKEN):
        anyio.run(_note_on_k6)
    return code


async def _note_on_k6() -> None:
    """Say it if the sandbox, which is what works without credentials, lacks its k6."""
    if await find_k6(os.environ.get("K6_PATH")) is None:
        click.echo(f"k6 was not found: the sandbox can store tests, but not run them. {INSTALL_HINT}")


def _dialogue(options: argparse.Namespace, credentials: Credentials) -> Dialogue:
    command: Command = start_command(Origin.here())
    return Dialogue(Machine.here(), command, credentials, options.scope, options.yes)


def _hosts(options: argparse.Namespace) -> list[Host]:
    """The hosts by name. Raises InstallError for one that does not exist."""
    if unknown := [name for name in options.hosts if name not in BY_NAME]:
        raise InstallError(f"There is no host {unknown[0]!r}. There are: {', '.join(BY_NAME)}.")
    return [BY_NAME[name] for name in options.hosts]


def _answered(run: Callable[[], int]) -> int:
    try:
        return run()
    except InstallError as error:
        click.echo(f"k6-cloud-mcp: {error}", err=True)
    except click.Abort:
        click.echo("\nNothing more was written.", err=True)
    return 1
