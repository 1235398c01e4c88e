"""Scripts as a caller gives them: inline, or as a file on this machine."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import ScriptError
from k6_cloud.scripts import Script
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.results import ScriptFacts

_SUFFIXES = (".js", ".mjs", ".ts", ".tar")


@contextmanager
def given_script(app: App, text: str | None, path: str | None) -> Generator[Script | None, None, None]:
    """The script that was given, or None. Raises ToolError where the two contradict or the file may not be read."""
    if text is not None and path is not None:
        raise ToolError("Give script or script_path, not both. Nothing was sent.")
    if text is None and path is None:
        yield None
        return
    limit = app.k6.max_script_bytes
    script = Script.from_chunks([text.encode()], limit) if text is not None else _read(app, path or "", limit)
    with script:
        _require_usable(script)
        yield script


def facts(script: Script) -> ScriptFacts:
    """What is said of a script instead of its bytes."""
    return ScriptFacts(kind=script.kind, size=script.size, sha256=script.sha256)


def _read(app: App, path: str, limit: int) -> Script:
    if not app.local_files:
        raise ToolError(
            "script_path works only when the server runs on this machine over stdio: send script instead."
        )
    # Unlike Path.expanduser it leaves a ~ that it cannot resolve as it is.
    file = Path(os.path.expanduser(path))
    if file.suffix not in _SUFFIXES:
        raise ToolError(f"script_path must end in {', '.join(_SUFFIXES)}. {path!r} was not read.")
    # Only a plain file: opening a pipe would wait for ever.
    if not file.is_file():
        raise ToolError(f"There is no file {str(file.absolute())!r}. Give its full path. Nothing was sent.")
    return Script.from_path(file, limit)


def _require_usable(script: Script) -> None:
    if not script.size:
        raise ToolError("The script is empty. Nothing was sent.")
    if script.kind == "javascript":
        try:
            script.text()
        except ScriptError as error:
            raise ToolError(f"{error} Nothing was sent.") from error
