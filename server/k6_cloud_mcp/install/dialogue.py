"""`install` and `uninstall`: what is going to change is shown, asked for, and written."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import click

from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.errors import InstallError
from k6_cloud_mcp.install.hosts import HOSTS, Host, Scope
from k6_cloud_mcp.install.links import LINKS
from k6_cloud_mcp.install.machine import Machine
from k6_cloud_mcp.install.plan import (
    Plan,
    is_installed,
    plan_install,
    plan_uninstall,
    snippet,
    without_secrets,
)
from k6_cloud_mcp.install.writing import write
from k6_cloud_mcp.terminal import echo


@dataclass(frozen=True)
class Dialogue:
    """The arguments of the command line, and its terminal. `yes` answers every question."""

    machine: Machine
    command: Command
    credentials: Credentials
    scope: Scope = "user"
    yes: bool = False

    @property
    def can_ask(self) -> bool:
        return sys.stdin.isatty() and sys.stdout.isatty()

    def install(self, hosts: list[Host]) -> int:
        """Add the server to these hosts, or to those that are on this machine. The exit code."""
        if self.credentials.clear and self.scope == "project":
            raise InstallError(
                "--with-token and --scope project together would put the token into a file that is shared. "
                "Nothing was written. Leave one of them out."
            )
        chosen = hosts or self._choose(
            [host for host in HOSTS if self._applies(host) and host.is_on(self.machine)],
            "No AI host was found on this machine. Nothing was written. Name one, such as `k6-cloud-mcp install cursor`; "
            f"there are {', '.join(host.name for host in HOSTS)}.",
        )
        if self.credentials.clear:
            echo("The token is going to stand in clear in the file, readable for whatever runs as you.")
        return self._each(chosen, self._install)

    def uninstall(self, hosts: list[Host]) -> int:
        """Take the server out of these hosts, or of all that have it. The exit code."""
        chosen = hosts or self._choose(
            [
                host
                for host in HOSTS
                if self._applies(host) and is_installed(host, host.file(self.machine, self.scope))
            ],
            "No configuration on this machine has the server. Nothing was written.",
        )
        return self._each(chosen, self._uninstall)

    def show(self, hosts: list[Host], *, link: bool) -> int:
        """Print what would be written, or the link that installs it. The exit code."""
        if not hosts:
            raise InstallError(f"Name a host to print for: {', '.join(host.name for host in HOSTS)}.")
        return self._each(hosts, self._link if link else self._print)

    def _applies(self, host: Host) -> bool:
        return self.scope == "user" or host.project_file is not None

    def _choose(self, found: list[Host], none: str) -> list[Host]:
        if not found:
            raise InstallError(none)
        for number, host in enumerate(found, 1):
            echo(f"  {number}. {host.title}: {host.file(self.machine, self.scope)}")
        if self.yes or not self.can_ask:
            return found
        answer = click.prompt("Which of them? (numbers, all, none)", default="all")
        if answer == "all":
            return found
        numbers = answer.replace(",", " ").split()
        return [host for number, host in enumerate(found, 1) if str(number) in numbers]

    def _each(self, hosts: list[Host], act: Callable[[Host], bool]) -> int:
        """Do it for each host; one that fails does not keep the others from it."""
        done = True
        for host in hosts:
            try:
                done = act(host) and done
            except InstallError as error:
                echo(f"k6-cloud-mcp: {error}", err=True)
                done = False
        return 0 if done else 1

    def _install(self, host: Host) -> bool:
        if not host.is_on(self.machine):
            echo(f"{host.title} was not found on this machine; its file is written all the same.")
        path = host.file(self.machine, self.scope)
        plan = plan_install(host, path, host.entry(self.command, self.credentials))
        if not plan.changes:
            echo(f"{host.title}: {path} already has it.")
            return True
        if not self._agreed(plan):
            return False
        self._write(host, plan)
        echo(f"{host.then}, then ask: “List my load tests.”")
        echo(credentials_note(host, self.credentials))
        return True

    def _uninstall(self, host: Host) -> bool:
        path = host.file(self.machine, self.scope)
        if (plan := plan_uninstall(host, path)) is None:
            echo(f"{host.title}: {path} does not have it.")
            return True
        if agreed := self._agreed(plan):
            self._write(host, plan)
        return agreed

    def _agreed(self, plan: Plan) -> bool:
        echo(self.credentials.hide(plan.diff()))
        if self.yes:
            return True
        if self.can_ask:
            return click.confirm("Write this?", default=True) or _say_nothing_was_written()
        echo("Nothing was written: there is no terminal to ask on. Run it again with --yes to write this.")
        return False

    def _write(self, host: Host, plan: Plan) -> None:
        backup = write(
            plan, datetime.now(), secret=self.credentials.clear is not None
        )  # local time, for people
        kept = f" The old file is {backup.name}, beside it." if backup else ""
        echo(f"{host.title}: {plan.path} is written.{kept}")

    def _print(self, host: Host) -> bool:
        echo(f"{host.file(self.machine, self.scope)}:", err=True)
        text = snippet(host, host.entry(self.command, self.credentials))
        echo(without_secrets(self.credentials.hide(text)), nl=False)
        return True

    def _link(self, host: Host) -> bool:
        if host.name not in LINKS:
            raise InstallError(f"{host.title} has no install links; {' and '.join(LINKS)} have.")
        if self.credentials.clear:
            raise InstallError("A link is no place for a token. Leave --with-token out.")
        echo(LINKS[host.name](self.command, self.credentials).direct)
        return True


def _say_nothing_was_written() -> bool:
    echo("Nothing was written.")
    return False


def credentials_note(host: Host, credentials: Credentials) -> str:
    """Describe the source of the server's credentials, once this host starts it."""
    if credentials.login:
        return f"It uses what `k6 cloud login` stored in {credentials.login}."
    if credentials.clear:
        return "It uses the token in the file."
    sandbox = "Without them it works on the sandbox, which needs no account."
    if host.name == "vscode":
        return f"VS Code asks for token and stack once, and keeps them in its secret store. {sandbox}"
    if host.hands_on:
        names = " and ".join(credentials.names)
        return f"It uses {names} of the environment that {host.title} is started in. {sandbox}"
    return (
        f"{host.title} hands on no variables of your shell: run `k6 cloud login` once, and what it stores is used. "
        f"{sandbox}"
    )
