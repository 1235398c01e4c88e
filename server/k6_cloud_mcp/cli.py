"""The command line."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio

from k6_cloud_mcp.commands.exception_groups import first_of
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.install.parser import add_install, add_uninstall
from k6_cloud_mcp.settling import settle
from k6_cloud_mcp.telemetry import otlp
from k6_cloud_mcp.telemetry.logs import configure_logging

_EPILOG = """\
Without a command it serves one client on stdin and stdout, which is how an AI host starts it:

  k6-cloud-mcp install                           (finds your hosts and adds itself to them)
  claude mcp add k6-cloud -- k6-cloud-mcp        (or by hand; other hosts: see the README)

Without K6_CLOUD_TOKEN it uses the sandbox: no account, tests are kept and run on this machine.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 0, with 1 when the work failed, and with 2 for a wrong call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is _serve and not options.explicit and sys.stdin.isatty():
        parser.print_help()
        return
    configure_logging("WARNING" if options.quiet else "INFO")
    if options.run is not _serve:
        settle()
    sys.exit(_outcome(options))


def _outcome(options: argparse.Namespace) -> int | str:
    """The exit code of a command, or the reason why it could not even start."""
    try:
        return options.run(options)
    except* SettingsError as failures:
        reason = f"k6-cloud-mcp: {first_of(failures)}"
    except* KeyboardInterrupt:
        reason = 130
    return reason


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="k6-cloud-mcp",
        description="MCP server for Grafana Cloud k6: manage, price, run and read load tests.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"k6-cloud-mcp {version('k6-cloud-mcp')}")
    parser.set_defaults(run=_serve, explicit=False, transport="stdio", workers=1, quiet=False)
    commands = parser.add_subparsers(title="commands", metavar="")
    _add_serve(commands.add_parser("serve", help="serve on stdio, or over HTTP"))
    _add_sandbox(commands.add_parser("sandbox", help="serve the sandbox API and its run pages over HTTP"))
    _add(commands.add_parser("demo", help="create, price, start and read a load test on the sandbox"), _demo)
    _add_doctor(
        commands.add_parser("doctor", help="check credentials, k6 and the sandbox, with a fix for each")
    )
    _add_audit(commands.add_parser("audit", help="show who did what through the guarded tools"))
    _add_token(commands.add_parser("token", help="make a token for a caller over HTTP"))
    add_install(commands.add_parser("install", help="add the server to AI hosts, shown as a diff first"))
    add_uninstall(commands.add_parser("uninstall", help="take the server out of AI hosts"))
    return parser


def _add(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    parser.set_defaults(run=run, quiet=True)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--transport", choices=["stdio", "http"], default="stdio")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (http; default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen on (http; default: %(default)s)"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name under which clients reach this server, beside loopback (http; repeatable)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes to serve with (http; default: %(default)s)",
    )
    parser.add_argument("--toolsets", metavar="A,B", help="toolsets to offer, or all")
    parser.add_argument("--tools", metavar="A,B", help="single tools to offer as well")
    parser.add_argument("--exclude-tools", metavar="A,B", help="tools not to offer")
    parser.add_argument(
        "--read-only", action="store_true", default=None, help="offer no tool that changes anything"
    )
    parser.set_defaults(run=_serve, explicit=True, quiet=False)


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=6580, help="port to listen on (default: %(default)s)")
    parser.set_defaults(run=_sandbox, quiet=True)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--client", metavar="NAME", help="tell how guarded calls of this client, such as cursor, are decided"
    )
    parser.set_defaults(run=_doctor, quiet=True)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="the newest N calls (default: %(default)s)"
    )
    parser.add_argument("--tool", metavar="NAME", help="only calls of this tool")
    parser.add_argument("--json", action="store_true", help="as JSON, with previews and reasons")
    parser.add_argument(
        "--file", type=Path, metavar="PATH", help="the audit file (default: that of the settings)"
    )
    parser.set_defaults(run=_audit, quiet=True)


def _add_token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="whose token it is")
    parser.add_argument(
        "--scopes", default="k6:read", metavar="A,B", help="k6:read, k6:write, k6:run (default: %(default)s)"
    )
    parser.add_argument("--stack", metavar="NAME", help="the only profile it may use")
    parser.add_argument("--expires", metavar="SPAN", help="such as 90d or 12h (default: never)")
    parser.set_defaults(run=_token, quiet=True)


def _serve(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.transports import serve_http, serve_stdio

    given = _given(options, "toolsets", "tools", "exclude_tools", "read_only")
    settings = Settings.load(**given)
    configure_logging("INFO", settings.log_format)
    otlp.begin()
    if options.transport == "stdio":
        anyio.run(serve_stdio, settings)
    elif options.workers > 1:
        from k6_cloud_mcp.workers import serve_workers

        serve_workers(settings, options.host, options.port, options.allow_host, given, options.workers)
    else:
        anyio.run(serve_http, settings, options.host, options.port, options.allow_host)
    return 0


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """What the command line says of some settings; what it does not say is left to the environment."""
    values = {name: getattr(options, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _sandbox(options: argparse.Namespace) -> int:
    from k6_cloud_sandbox.sandbox import serve_sandbox
    from k6_cloud_sandbox.settings import SandboxSettings

    print(_SANDBOX_GREETING.format(host=options.host, port=options.port), file=sys.stderr)  # noqa: T201
    anyio.run(serve_sandbox, SandboxSettings(), options.host, options.port)
    return 0


def _demo(_: argparse.Namespace) -> int:
    from k6_cloud_mcp.commands.demo import run_demo

    return anyio.run(run_demo)


def _doctor(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.commands.doctor import run_doctor

    return anyio.run(run_doctor, options.client)


def _audit(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.commands.audit import show_audit

    return show_audit(limit=options.limit, tool=options.tool, as_json=options.json, file=options.file)


def _token(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.commands.token import run_token

    return run_token(options)


_SANDBOX_GREETING = """\
The k6 Cloud sandbox: http://{host}:{port}/  (Ctrl-C stops it)
  curl -H 'Authorization: Bearer any' -H 'X-Stack-Id: 1' 'http://{host}:{port}/cloud/v6/load_tests'
"""
