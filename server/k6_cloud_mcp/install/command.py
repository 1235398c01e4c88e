"""The command by which a host starts the server: the same way as it is running now."""

import json
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

_NAME = "k6-cloud-mcp"


@dataclass(frozen=True)
class Command:
    """A program with its arguments; the program is an absolute path, as desktop hosts know few of a shell's folders."""

    program: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """The origin of the running code. `direct_url` is the installer's note, as in PEP 610."""

    package: Path
    prefix: Path
    scripts: Path
    python: str
    uv: str | None
    direct_url: dict[str, Any]

    @classmethod
    def here(cls) -> "Origin":
        noted = distribution(_NAME).read_text("direct_url.json")
        return cls(
            package=Path(__file__).resolve().parent.parent,
            prefix=Path(sys.prefix),
            scripts=Path(sysconfig.get_path("scripts")),
            python=sys.executable,
            uv=os.environ.get("UV") or shutil.which("uv"),
            direct_url=json.loads(noted) if noted else {},
        )


def start_command(origin: Origin) -> Command:
    """The command for a clone, for a run of uvx, or for whatever environment the server is installed in."""
    if origin.uv and (clone := _clone(origin.package)):
        return Command(origin.uv, ("run", "--directory", str(clone), _NAME))
    if origin.uv and "archive-v0" in origin.prefix.parts:
        source = _source(origin.direct_url)
        return Command(_uvx(origin.uv), ("--from", source, _NAME) if source else (_NAME,))
    script = origin.scripts / (f"{_NAME}.exe" if os.name == "nt" else _NAME)
    return Command(str(script)) if script.exists() else Command(origin.python, ("-m", "k6_cloud_mcp"))


def _clone(package: Path) -> Path | None:
    """The clone that a package lies in: its folder below `server/`, beside a pyproject.toml."""
    root = package.parent.parent
    return root if package.parent.name == "server" and (root / "pyproject.toml").exists() else None


def _source(direct_url: dict[str, Any]) -> str:
    """Return the source that uvx installed from; empty for a package index."""
    url = str(direct_url.get("url", ""))
    if revision := direct_url.get("vcs_info", {}).get("requested_revision"):
        url = f"{url}@{revision}"
    return f"git+{url}" if "vcs_info" in direct_url else url


def _uvx(uv: str) -> str:
    beside = Path(uv).with_name("uvx.exe" if os.name == "nt" else "uvx")
    return str(beside) if beside.exists() else shutil.which("uvx") or "uvx"
