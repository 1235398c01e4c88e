"""`k6-cloud-mcp token`: makes a token, and prints the block that lets it in."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import tomlkit

from k6_cloud_mcp.access.named_tokens import digest_of, read_tokens
from k6_cloud_mcp.config.reloading_file import BrokenFile
from k6_cloud_mcp.terminal import echo

_PREFIX = "k6mcp_"
_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def run_token(name: str, scopes: str, stack: str | None, expires: str | None) -> int:
    """Print a new token once, and the block of K6_MCP_TOKENS_FILE for it. The exit code: 0, or 1 for bad options."""
    try:
        token, block = make_token(name, scopes, stack, expires)
    except BrokenFile as error:
        echo(f"k6-cloud-mcp: {error} No token was made.", err=True)
        return 1
    echo(f"The token, which is not shown again:\n\n{token}\n")
    echo(f"Add to the file of K6_MCP_TOKENS_FILE, which holds only its hash:\n\n{block}", nl=False)
    return 0


def make_token(name: str, scopes: str, stack: str | None, expires: str | None) -> tuple[str, str]:
    """A token of 256 random bits, and the TOML block for it. Raises BrokenFile for what the file could not hold."""
    token = _PREFIX + secrets.token_urlsafe(32)
    entry: dict[str, object] = {
        "sha256": digest_of(token),
        "scopes": [name.strip() for name in scopes.split(",") if name.strip()],
    }
    if stack:
        entry["stack"] = stack
    if expires:
        entry["expires"] = _moment(expires)
    block = tomlkit.dumps({"tokens": {name: entry}})  # pyright: ignore[reportUnknownMemberType]
    read_tokens(block)
    return token, block


def _moment(span: str) -> datetime:
    if (parts := _SPAN.fullmatch(span)) is None:
        raise BrokenFile(f"--expires {span!r} is not like 90d or 12h.")
    return (datetime.now(UTC) + int(parts[1]) * _UNITS[parts[2]]).replace(microsecond=0)
