"""Scripts as a caller gives them: inline, or as a file or folder on this machine."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import ScriptError, ScriptNotRead
from k6_cloud.safe_text import quote
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.results import ScriptFacts
from k6_cloud_mcp_tools.scripts.local_files import (
    SCRIPT_ENDINGS,
    entry_of,
    is_typescript,
    may_need_bundling,
    project_of,
    uses_files,
)
from k6_cloud_mcp_tools.scripts.typescript import archive_of_text
from k6_cloud_mcp_tools.scripts.typescript import is_typescript as is_typescript_text

_SUFFIXES = (*SCRIPT_ENDINGS, ".tar")

_TYPESCRIPT = (
    "The script is TypeScript. k6 tells TypeScript by its file name, and the service stores text as JavaScript, so it has to "
    "be stored as an archive, which only k6 can make."
)
_NOT_TYPESCRIPT = (
    "Give JavaScript, or run `k6 archive` on a .ts file and give the .tar as script_path. Nothing was sent."
)


@asynccontextmanager
async def given_script(app: App, text: str | None, path: str | None) -> AsyncGenerator[Script | None, None]:
    """The script that was given, or None; one of several files as the archive that k6 makes of them.

    Raises ToolError where the two contradict or the file may not be read, ScriptError where k6 cannot bundle it.
    """
    if text is not None and path is not None:
        raise ToolError("Give script or script_path, not both. Nothing was sent.")
    if text is None and path is None:
        yield None
        return
    limit = app.k6.max_script_bytes
    if text is not None:
        script = await _of_text(app, text, limit)
    else:
        script = await _read(app, path or "", limit)
    with script:
        _require_usable(script)
        yield script


def facts(script: Script) -> ScriptFacts:
    """The summary of a script in place of its bytes."""
    return ScriptFacts(kind=script.kind, size=script.size, sha256=script.sha256)


class Unbundled(ToolError):
    """There is no k6 here to make an archive of a script that needs one."""


@dataclass(frozen=True)
class LocalScript:
    """An entry script on this machine, and the folder that its files may come from."""

    file: Path
    folder: Path


def local_script(app: App, path: str) -> LocalScript:
    """The script that a path means. Raises ToolError if it means none, or if it may not be read."""
    if not app.local_files:
        raise ToolError(
            "script_path works only when the server runs on this machine over stdio: send script instead."
        )
    # Unlike Path.expanduser it leaves a ~ that it cannot resolve as it is.
    file = Path(os.path.expanduser(path))
    if _is_folder(file):
        return LocalScript(entry_of(file), file)
    if file.suffix not in _SUFFIXES:
        raise ToolError(
            f"script_path must end in {', '.join(_SUFFIXES)}, or be a folder. {quote(path)} was not read."
        )
    # Only a plain file: opening a pipe would wait for ever.
    if not file.is_file():
        raise ToolError(
            f"There is no file {quote(str(file.absolute()))}. Give its full path. Nothing was sent."
        )
    return LocalScript(file, project_of(file))


async def _of_text(app: App, text: str, limit: int) -> Script:
    if not await is_typescript_text(app, text):
        return Script.from_chunks([text.encode()], limit)
    try:
        archive = await archive_of_text(app, text)
    except ScriptNotRead as error:
        raise Unbundled(f"{_TYPESCRIPT} k6 may not read it on this machine. {_NOT_TYPESCRIPT}") from error
    if archive is None:
        raise Unbundled(f"{_TYPESCRIPT} There is no k6 here. {_NOT_TYPESCRIPT}")
    return archive


async def _read(app: App, path: str, limit: int) -> Script:
    local = local_script(app, path)
    script = Script.from_path(local.file, limit)
    if not await _is_part_of_more(app, local.file, script):
        return script
    with script:
        return await _bundle(app, local)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except ValueError:
        return False


async def _is_part_of_more(app: App, file: Path, script: Script) -> bool:
    if script.kind == "archive" or file.suffix == ".tar":
        return False
    try:
        text = script.text()
    except ScriptError:
        return False
    if is_typescript(file) or not may_need_bundling(file, text):
        return is_typescript(file)
    return await app.in_worker(uses_files, text, file.name)


async def _bundle(app: App, local: LocalScript) -> Script:
    """The archive of a script. Raises Unbundled if there is no k6 to make it."""
    bundled = await app.bundle_script(local.file, local.folder) if app.bundle_script else None
    if bundled is None:
        raise Unbundled(
            f"{local.file.name} uses other local files or is TypeScript, and only k6 can bundle such a script, but there is "
            "no k6 here. Install k6 or set K6_PATH, or run `k6 archive` elsewhere and give the .tar. Nothing was sent."
        )
    return bundled


def _require_usable(script: Script) -> None:
    if not script.size:
        raise ToolError("The script is empty. Nothing was sent.")
    if script.kind == "javascript":
        try:
            script.text()
        except ScriptError as error:
            raise ToolError(f"{error} Nothing was sent.") from error
