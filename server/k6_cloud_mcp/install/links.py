"""Links that install the server with one click, for the hosts that have such links."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.entries import INPUTS
from k6_cloud_mcp.install.hosts import BY_NAME
from k6_cloud_mcp.install.plan import SERVER

# The console script: what `uv tool install` or `pip install` puts on the PATH, wherever the package came from.
INSTALLED = Command("k6-cloud-mcp")


@dataclass(frozen=True)
class Link:
    """`direct` opens the host; `web` is a page that does, for places that only show https links."""

    direct: str
    web: str


def vscode_link(command: Command, credentials: Credentials) -> Link:
    entry = BY_NAME["vscode"].entry(command, credentials)
    asked = {"inputs": INPUTS} if credentials.names else {}
    web = urlencode({"name": SERVER} | {key: _json(value) for key, value in asked.items()}, quote_via=quote)
    return Link(
        f"vscode:mcp/install?{quote(_json({'name': SERVER, **asked, **entry}), safe='')}",
        f"https://vscode.dev/redirect/mcp/install?{web}&config={quote(_json(entry), safe='')}",
    )


def cursor_link(command: Command, credentials: Credentials) -> Link:
    entry = BY_NAME["cursor"].entry(command, credentials)
    query = urlencode({"name": SERVER, "config": base64.b64encode(_json(entry).encode()).decode()})
    return Link(
        f"cursor://anysphere.cursor-deeplink/mcp/install?{query}",
        f"https://cursor.com/en/install-mcp?{query}",
    )


LINKS = {"vscode": vscode_link, "cursor": cursor_link}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
