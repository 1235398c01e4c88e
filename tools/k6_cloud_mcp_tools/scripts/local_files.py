"""A script on this machine: which file is the entry, whether it needs others, and which folder holds them."""

import re
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud_mcp_tools.lint.outline import Outline

_SUFFIXES = (".js", ".mjs", ".ts")
_USUAL = ("main", "index", "script", "test")
# Cheap, and right for the large file that a bundler made: it uses no other.
_MAY_USE = re.compile(r"""(?:from|import|require)\s*(?:\(\s*)?['"](?:\.|/|file:)|\bopen\s*\(""")
_TEST = re.compile(r"(?:[.\-_](?:test|k6|load)|^k6[.\-_].*)$")
_MARKS = ("package.json", ".git")
_SHOWN = 10


def entry_of(folder: Path) -> Path:
    """The one script of a folder that k6 is to run. Raises ToolError with the candidates where it is not clear."""
    scripts = sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file())
    usual = [file for file in scripts if file.stem in _USUAL]
    tests = [file for file in scripts if _TEST.search(file.stem)]
    for candidates in (usual, tests, scripts):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            break
    else:
        raise ToolError(
            f"There is no script ({', '.join(_SUFFIXES)}) in the folder {str(folder)!r}. Give the entry file as "
            "script_path. Nothing was sent."
        )
    names = ", ".join(file.name for file in candidates[:_SHOWN])
    raise ToolError(
        f"The folder {str(folder)!r} has no one entry script: it could be {names}. Give the file as script_path. "
        "Nothing was sent."
    )


def needs_bundling(file: Path, source: str) -> bool:
    """Whether a script is more than one file, or is TypeScript, which only k6 can tell by its name."""
    if file.suffix == ".ts" or not _MAY_USE.search(source):
        return file.suffix == ".ts"
    outline = Outline(source)
    return any(name.startswith((".", "/", "file:")) for name, _ in outline.imports) or any(
        call.name == "open" or call.name.endswith("fs.open") for call in outline.calls
    )


def project_of(file: Path) -> Path:
    """The folder that files of a script may come from: the nearest with a package.json or .git, else its own.

    The home folder and what lies above it are no project, whatever stands in them.
    """
    home = Path.home().resolve()
    for folder in file.resolve().parents:
        if folder == home or folder in home.parents:
            break
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    return file.resolve().parent
