"""Build the MCP Bundle for Claude Desktop: `uv run python packaging/mcpb/build.py [FOLDER]`.

The bundle holds the sources and the manifest. The host brings uv, and uv the dependencies, when it is first started.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent.parent
_ROOMS = ("client", "runner", "sandbox", "tools", "prompts", "server")
# Zip's first day: the same sources make the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def build(folder: Path) -> Path:
    """Write the bundle into `folder` and return its path."""
    path = folder / "k6-cloud-mcp.mcpb"
    with ZipFile(path, "w", ZIP_DEFLATED) as bundle:
        for name, source in members():
            bundle.writestr(ZipInfo(name, _DATE), source.read_bytes(), ZIP_DEFLATED)
    return path


def members() -> Iterator[tuple[str, Path]]:
    """What goes into the bundle: the name there, and the file here."""
    yield "manifest.json", Path(__file__).parent / "manifest.json"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        yield name, ROOT / name
    for room in _ROOMS:
        for source in sorted((ROOT / room).rglob("*")):
            if source.is_file() and source.suffix != ".pyc":
                yield source.relative_to(ROOT).as_posix(), source


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    target.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{build(target)}\n")
