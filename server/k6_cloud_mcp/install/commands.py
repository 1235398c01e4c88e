"""`install` and `uninstall` on the command line. Their work is loaded when they are called: a server needs none of it."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
_HOSTS = "claude-code, claude-desktop, vscode, cursor, codex, gemini, zed, windsurf, opencode"


def _for_hosts(function: Command) -> Command:
    for add in (
        click.option("--yes", is_flag=True, help="Write without asking."),
        click.option("--scope", type=click.Choice(["user", "project"]), default="user", help="Whose file."),
        click.argument("hosts", nargs=-1, metavar="[HOST]..."),
    ):
        function = add(function)
    return function


@click.command(epilog=f"HOST is one of {_HOSTS} (default: those found here).")
@_for_hosts
@click.option("--print", "prints", is_flag=True, help="Only print what belongs into the file.")
@click.option("--link", is_flag=True, help="Only print a link that installs it (vscode, cursor).")
@click.option(
    "--with-token", is_flag=True, help="Write the token into the file in clear, not a reference to it."
)
def install(
    hosts: tuple[str, ...],
    scope: Literal["user", "project"],
    yes: bool,
    prints: bool,
    link: bool,
    with_token: bool,
) -> int:
    """Add the server to AI hosts, shown as a diff first."""
    from k6_cloud_mcp.install.running import run_install

    return run_install(hosts, scope, yes=yes, prints=prints, link=link, with_token=with_token)


@click.command(epilog=f"HOST is one of {_HOSTS} (default: those found here).")
@_for_hosts
def uninstall(hosts: tuple[str, ...], scope: Literal["user", "project"], yes: bool) -> int:
    """Take the server out of AI hosts."""
    from k6_cloud_mcp.install.running import run_uninstall

    return run_uninstall(hosts, scope, yes=yes)
