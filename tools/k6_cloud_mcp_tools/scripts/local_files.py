"""A script on this machine: which file is the entry, whether it needs others, and which folder holds them."""

import re
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.syntax.modules import Use, is_local, uses
from k6_cloud.scripts.syntax.tree import kind_by_name, parse

SCRIPT_ENDINGS = (".js", ".mjs", ".ts")
_USUAL = ("main", "index", "script", "test")
# Cheap, and right for the large file that a bundler made: it uses no other.
_MAY_USE = re.compile(
    r"""\b(?:from|import|require)\b\s{0,50}\(?\s{0,50}['"`](?:[./\\]|file:|[A-Za-z]:)"""
    r"""|\b(?:open|load|loadProtoset)\s{0,50}\("""
)
_TEST = re.compile(r"(?:[.\-_](?:test|k6|load)|^k6[.\-_].*)$")
_MARKS = ("package.json", ".git")
_SHOWN = 10


def entry_of(folder: Path) -> Path:
    """The one script of a folder that k6 is to run. Raises ToolError with the candidates where it is not clear."""
    scripts = sorted(file for file in folder.iterdir() if file.suffix in SCRIPT_ENDINGS and file.is_file())
    usual = [file for file in scripts if file.stem in _USUAL]
    tests = [file for file in scripts if _TEST.search(file.stem)]
    for candidates in (usual, tests, scripts):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            break
    else:
        raise ToolError(
            f"There is no script ({', '.join(SCRIPT_ENDINGS)}) in the folder {str(folder)!r}. Give the entry file as "
            "script_path. Nothing was sent."
        )
    names = ", ".join(file.name for file in candidates[:_SHOWN])
    raise ToolError(
        f"The folder {str(folder)!r} has no one entry script: it could be {names}. Give the file as script_path. "
        "Nothing was sent."
    )


def may_need_bundling(file: Path, source: str) -> bool:
    """Whether a script seems to be more than one file, or is TypeScript, by a glance at its text."""
    return is_typescript(file) or _MAY_USE.search(source) is not None


def is_typescript(file: Path) -> bool:
    """Whether a file is TypeScript by its name, as for k6."""
    return kind_by_name(file.name) == "typescript"


def uses_files(source: str, name: str) -> bool:
    """Whether a script uses other local files; so it seems, if it cannot be analysed."""
    try:
        return any(_is_file(use) for use in uses(parse(source, name)))
    except ScriptError:
        return True


def _is_file(use: Use) -> bool:
    return use.kind != "import" or (use.name is not None and is_local(use.name))


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
