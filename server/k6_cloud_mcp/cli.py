"""The command line."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import click

from k6_cloud.safe_text import escape
from k6_cloud_mcp.commands.broken_pipe import quiet_on_broken_pipe
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.config.variables import forget_unresolved
from k6_cloud_mcp.install.commands import install, uninstall
from k6_cloud_mcp.startup import finish_startup
from k6_cloud_mcp.telemetry import otlp
from k6_cloud_mcp.telemetry.exception_groups import first_of
from k6_cloud_mcp.telemetry.logs import configure_logging
from k6_cloud_mcp.terminal import echo

_NAME = "k6-cloud-mcp"
_EPILOG = """\
Without a command it serves one client on stdin and stdout, which is how an AI host starts it:

\b
  k6-cloud-mcp install                           (finds your hosts and adds itself to them)
  claude mcp add k6-cloud -- k6-cloud-mcp        (or by hand; other hosts: see the README)

Without K6_CLOUD_TOKEN it uses the sandbox: no account, tests are kept and run on this machine.
"""
_NO_WORKERS = (
    "--workers no longer exists: one process serves several hundred calls a second. For more, run several servers with the "
    "same K6_MCP_SHARED_KEY and K6_MCP_STATE_DIR behind a load balancer (docs/operators.md, Scale out). Nothing was started."
)
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 0, with 1 when the work failed, and with 2 for a wrong call."""
    forget_unresolved(os.environ)
    sys.exit(quiet_on_broken_pipe(lambda: _outcome(arguments)))


def _outcome(arguments: Sequence[str] | None) -> int | str:
    """The exit code of a command, or the reason why it could not even start."""
    try:
        return _run(arguments)
    except* SettingsError as failures:
        reason = escape(f"{_NAME}: {first_of(failures)}")
    except* KeyboardInterrupt:
        reason = _INTERRUPTED
    return reason


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return program.main(arguments, prog_name=_NAME, standalone_mode=False) or 0
    except click.ClickException as error:
        _complain(error)
        return error.exit_code
    except click.Abort as error:
        return _INTERRUPTED if isinstance(error.__cause__, KeyboardInterrupt) else 1


def _complain(error: click.ClickException) -> None:
    """Say what is wrong with a call, as click does."""
    if isinstance(error, click.UsageError) and error.ctx:
        echo(error.ctx.get_usage(), "\n", err=True)
    echo(f"Error: {error.format_message()}", err=True)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog=_EPILOG,
)
@click.version_option(package_name=_NAME, message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> int:
    """MCP server for Grafana Cloud k6: manage, price, run and read load tests."""
    command = ctx.invoked_subcommand
    configure_logging("INFO" if command in (None, "serve") else "WARNING")
    if command not in (None, "serve"):
        finish_startup()
    elif command is None and not (sys.stdin and sys.stdin.isatty()):
        return _serve("stdio")
    elif command is None:
        echo(ctx.get_help())
    return 0


def _refuse_workers(ctx: click.Context, _: click.Parameter, value: object) -> None:
    if value is not None:
        raise click.UsageError(_NO_WORKERS, ctx)


@program.command()
@click.option("--transport", type=click.Choice(["stdio", "http"]), default="stdio")
@click.option("--host", default="127.0.0.1", help="Address to listen on (http).")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port to listen on (http).")
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A host name under which clients reach this server, beside loopback (http; repeatable).",
)
@click.option("--workers", hidden=True, expose_value=False, callback=_refuse_workers)
@click.option("--toolsets", metavar="A,B", help="Toolsets to offer, or all.")
@click.option("--tools", metavar="A,B", help="Single tools to offer as well.")
@click.option("--exclude-tools", metavar="A,B", help="Tools not to offer.")
@click.option("--read-only", is_flag=True, default=None, help="Offer no tool that changes anything.")
def serve(transport: str, host: str, port: int, allow_host: tuple[str, ...], **given: Any) -> int:
    """Serve on stdio, or over HTTP."""
    return _serve(transport, host, port, allow_host, **given)


def _serve(
    transport: str, host: str = "", port: int = 0, allowed_hosts: Sequence[str] = (), **given: Any
) -> int:
    from k6_cloud_mcp.transports import serve_http, serve_stdio

    # What the command line does not say is left to the environment.
    settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
    configure_logging("INFO", settings.log_format)
    otlp.begin()
    if transport == "stdio":
        anyio.run(serve_stdio, settings)
    else:
        anyio.run(serve_http, settings, host, port, allowed_hosts)
    return 0


@program.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=6580, help="Port to listen on.")
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A host name under which clients reach the sandbox, beside loopback (repeatable).",
)
def sandbox(host: str, port: int, allow_host: tuple[str, ...]) -> int:
    """Serve the sandbox API and its run pages over HTTP."""
    from k6_cloud_mcp.commands.sandbox import run_sandbox

    return anyio.run(run_sandbox, host, port, allow_host)


@program.command()
def demo() -> int:
    """Create, price, start and read a load test on the sandbox."""
    from k6_cloud_mcp.commands.demo import run_demo

    return anyio.run(run_demo)


@program.command()
@click.option(
    "--client", metavar="NAME", help="Tell how guarded calls of this client, such as cursor, are decided."
)
def doctor(client: str | None) -> int:
    """Check credentials, k6 and the sandbox, with a fix for each."""
    from k6_cloud_mcp.commands.doctor import run_doctor

    return anyio.run(run_doctor, client)


@program.command()
@click.option("--limit", type=int, default=50, metavar="N", help="The newest N calls.")
@click.option("--tool", metavar="NAME", help="Only calls of this tool.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with previews and reasons.")
@click.option("--file", type=Path, metavar="PATH", help="The audit file (default: that of the settings).")
def audit(limit: int, tool: str | None, as_json: bool, file: Path | None) -> int:
    """Show who did what through the guarded tools."""
    from k6_cloud_mcp.commands.audit import show_audit

    return show_audit(limit=limit, tool=tool, as_json=as_json, file=file)


@program.command()
@click.argument("name", metavar="NAME")
@click.option("--scopes", default="k6:read", metavar="A,B", help="k6:read, k6:write, k6:run.")
@click.option("--stack", metavar="NAME", help="The only profile it may use.")
@click.option("--expires", metavar="SPAN", help="Such as 90d or 12h (default: never).")
def token(name: str, scopes: str, stack: str | None, expires: str | None) -> int:
    """Make a token for a caller over HTTP. NAME says whose token it is."""
    from k6_cloud_mcp.commands.token import run_token

    return run_token(name, scopes, stack, expires)


@program.command()
@click.argument("folder", metavar="[FOLDER]", type=Path, required=False)
@click.option("--remove", is_flag=True, help="Trust it no longer.")
def trust(folder: Path | None, remove: bool) -> int:
    """Let k6 bundle the scripts of FOLDER where they cannot be confined. Without FOLDER: list them."""
    from k6_cloud_mcp.commands.trust import run_trust

    return run_trust(folder, remove=remove)


program.add_command(install)
program.add_command(uninstall)
