"""TypeScript that is given as text: k6 tells it by the file name alone, so it is stored as an archive."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from k6_cloud.errors import NotAnalysed, ScriptError
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.syntax.tree import LARGEST, parse
from k6_cloud_mcp_tools.context import App

NAME = "script.ts"
# Cheap signs of TypeScript, some of which JavaScript shows too; only then is the text parsed.
_SIGNS = re.compile(
    r"\b(?:interface|enum|namespace|declare|abstract|implements|readonly|private|public|satisfies)\s"
    r"|\btype\s{1,9}\w{1,99}\s{0,9}[=<]|\bimport\s{1,9}type\b|\bas\s{1,9}[\w{]|[\w)\]}?]\s{0,9}:\s{0,9}[\w{(\[]|\w<[\w{]|\w![.\[;,)]"
)


async def is_typescript(app: App, text: str) -> bool:
    """Whether a text is valid TypeScript and not valid JavaScript."""
    if len(text) > LARGEST or not _SIGNS.search(text):
        return False
    try:
        return await app.in_worker(_kind, text) == "typescript"
    except (NotAnalysed, ScriptError):
        return False


async def archive_of_text(app: App, text: str) -> Script | None:
    """The archive that k6 makes of TypeScript; None if there is no k6. Raises ScriptError if k6 cannot read it."""
    if app.bundle_script is None or not app.local_files:
        return None
    with TemporaryDirectory(prefix="k6-text-") as folder:
        entry = Path(folder, NAME)
        entry.write_text(text, "utf-8")
        return await app.bundle_script(entry, Path(folder))


def _kind(text: str) -> str:
    return parse(text).kind
