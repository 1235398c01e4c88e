import base64
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from k6_cloud_mcp.install.command import Command
from k6_cloud_mcp.install.credentials import Credentials
from k6_cloud_mcp.install.hosts import BY_NAME
from k6_cloud_mcp.install.links import Link, cursor_link, vscode_link

COMMAND = Command("/my tools/uv", ("run", "--directory", "/ä & b", "k6-cloud-mcp"))
CREDENTIALS = [Credentials(("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_URL")), Credentials()]


def query(address: str) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()
    }


@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_a_link_for_cursor_holds_what_its_file_would(credentials: Credentials):
    link = cursor_link(COMMAND, credentials)
    assert link.direct.startswith("cursor://anysphere.cursor-deeplink/mcp/install?")
    assert link.web.startswith("https://cursor.com/en/install-mcp?")
    for address in (link.direct, link.web):
        given = query(address)
        assert given["name"] == "k6-cloud"
        assert json.loads(base64.b64decode(given["config"])) == BY_NAME["cursor"].entry(COMMAND, credentials)


def vscode_parts(link: Link) -> tuple[dict[str, Any], dict[str, Any]]:
    """What VS Code reads from the direct link, and what its web page puts together."""
    direct = json.loads(unquote(link.direct.removeprefix("vscode:mcp/install?")))
    given = query(link.web)
    inputs = {"inputs": json.loads(given["inputs"])} if "inputs" in given else {}
    return direct, {"name": given["name"], **inputs, **json.loads(given["config"])}


@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_a_link_for_vs_code_holds_what_its_file_would(credentials: Credentials):
    link = vscode_link(COMMAND, credentials)
    assert link.web.startswith("https://vscode.dev/redirect/mcp/install?")
    direct, web = vscode_parts(link)
    assert direct == web
    entry = BY_NAME["vscode"].entry(COMMAND, credentials)
    assert {name: direct[name] for name in entry} == entry
    assert ("inputs" in direct) == bool(credentials.names)
