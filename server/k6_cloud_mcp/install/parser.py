"""`install` and `uninstall` on the command line. What they do is loaded when they are called: a server needs none of it."""

import argparse


def add_install(parser: argparse.ArgumentParser) -> None:
    _add_hosts(parser)
    parser.add_argument("--print", action="store_true", help="only print what belongs into the file")
    parser.add_argument(
        "--link", action="store_true", help="only print a link that installs it (vscode, cursor)"
    )
    parser.add_argument(
        "--with-token",
        action="store_true",
        help="write the token into the file in clear, not a reference to it",
    )
    parser.set_defaults(run=_install, quiet=True)


def add_uninstall(parser: argparse.ArgumentParser) -> None:
    _add_hosts(parser)
    parser.set_defaults(run=_uninstall, quiet=True)


def _add_hosts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "hosts",
        nargs="*",
        metavar="HOST",
        help="claude-code, claude-desktop, vscode, cursor, codex, gemini, zed, windsurf, opencode "
        "(default: those found here)",
    )
    parser.add_argument(
        "--scope", choices=["user", "project"], default="user", help="whose file (default: %(default)s)"
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")


def _install(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.install.running import run_install

    return run_install(options)


def _uninstall(options: argparse.Namespace) -> int:
    from k6_cloud_mcp.install.running import run_uninstall

    return run_uninstall(options)
