"""The texts of a script's own files, for lint."""

import posixpath

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.scripts.script import ENTRY_MEMBER, Member, Script
from k6_cloud_mcp_tools.lint.analysis import SOURCE_ENDINGS, SourceText

LARGEST = 1024 * 1024
_MOST_BYTES = 4 * LARGEST
_MOST_FILES = 200
DATA_ENDINGS = (
    *(".json", ".csv", ".tsv", ".txt", ".env", ".yaml", ".yml", ".toml", ".ini", ".properties", ".conf"),
    *(".pem", ".key", ".xml", ".graphql", ".sql", ".html"),
)


def sources_of(script: Script) -> list[SourceText]:
    """The texts of a script's own files, the entry first: libraries from elsewhere are not for its author to fix.

    Raises ToolError for a script that nobody wrote by hand.
    """
    if script.kind == "javascript":
        return [SourceText(None, _small(script.read(0, LARGEST + 1)))]
    filename = str(script.metadata().get("filename", ""))
    entry = SourceText(None, _small(script.member(ENTRY_MEMBER, LARGEST + 1)), posixpath.basename(filename))
    found, left = [entry], _MOST_BYTES
    for member in script.members():
        if not _is_own(member) or member.path == filename.replace("file:///", "file/"):
            continue
        left -= member.size
        if left >= 0 and len(found) < _MOST_FILES:
            found.append(SourceText(member.path, script.member(member.path)))
    return found


def _small(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise ToolError(
            "The script is larger than 1 MiB: lint the sources it was built from. Nothing was checked."
        )
    return data


def _is_own(member: Member) -> bool:
    path = member.path
    is_here = path.startswith("file/") and "/node_modules/" not in path
    ending = posixpath.splitext(path.lower())[1] or posixpath.basename(path.lower())
    return is_here and ending in (*SOURCE_ENDINGS, *DATA_ENDINGS) and member.size <= LARGEST
