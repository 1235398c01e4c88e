"""The files of a script on this machine, for lint, if k6 cannot bundle them: read, never run."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from anyio import to_thread

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.syntax.modules import Use, is_local, uses
from k6_cloud.scripts.syntax.tree import LARGEST, parse
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.lint.analysis import SourceText
from k6_cloud_mcp_tools.lint.findings import Finding
from k6_cloud_mcp_tools.lint.k6_rules import UNRESOLVED
from k6_cloud_mcp_tools.scripts.given import LocalScript

_MOST_FILES = 50
_ENDINGS = ("", ".js", ".ts", ".mjs", ".json", "/index.js", "/index.ts")


@dataclass(frozen=True)
class ProjectSources:
    """The texts that were read, the entry first, and findings on files that are not there."""

    sources: list[SourceText]
    findings: list[Finding]


async def project_sources(app: App, local: LocalScript) -> ProjectSources:
    """Read an entry script and the files of its folder that it imports, as far as they exist.

    Raises ScriptError if the entry script cannot be read.
    """
    reader = _Reader(local)
    entry = await to_thread.run_sync(reader.entry)
    waiting = [(local.file.resolve(), entry)]
    while waiting:
        file, source = waiting.pop(0)
        for use in await _uses(app, source):
            if (found := await to_thread.run_sync(reader.follow, file, source, use)) is not None:
                waiting.append(found)
    return ProjectSources(reader.sources, reader.findings)


async def _uses(app: App, source: SourceText) -> list[Use]:
    try:
        return await app.in_worker(local_uses, source.data, source.name)
    except ScriptError:
        return []


def local_uses(data: bytes, name: str | None) -> list[Use]:
    """The local modules and files that a source uses. Raises ScriptError if it cannot be analysed."""
    named = (use for use in uses(parse(data, name)) if use.name is not None)
    return [use for use in named if use.kind == "open" or (use.kind == "import" and is_local(use.name or ""))]


class _Reader:
    """Reads files of a folder, each once, and none outside of it or hidden."""

    def __init__(self, local: LocalScript) -> None:
        self._entry = local.file.resolve()
        self._folder = local.folder.resolve()
        self._seen = {self._entry}
        self.sources: list[SourceText] = []
        self.findings: list[Finding] = []

    def entry(self) -> SourceText:
        """The entry script."""
        try:
            data = self._entry.read_bytes()
        except OSError as error:
            raise ScriptError(f"Cannot read {self._entry}: {error.strerror}. Nothing was checked.") from error
        self.sources.append(SourceText(None, data, self._entry.name))
        return self.sources[0]

    def follow(self, file: Path, source: SourceText, use: Use) -> tuple[Path, SourceText] | None:
        """The source that a file imports, if it is new; report a file that is not there."""
        targets = [self._target(file.parent, use.name or "")]
        if use.kind == "open":
            # k6 opens files from the folder of the entry script.
            targets.append(self._target(self._entry.parent, use.name or ""))
        inside = [target for target in targets if self._may_read(target)]
        existing = next((target for target in inside if target.is_file()), None)
        if existing is None:
            if len(inside) == len(targets):
                self.findings.append(self._missing(source, use, targets[0]))
            return None
        return self._read(existing) if use.kind == "import" else None

    def _target(self, folder: Path, name: str) -> Path:
        return Path(os.path.normpath(folder / name.removeprefix("file://")))

    def _may_read(self, target: Path) -> bool:
        """Whether a file is in the folder, also behind links, and not hidden."""
        real = target.resolve()
        if not real.is_relative_to(self._folder):
            return False
        return not any(part.startswith(".") for part in real.relative_to(self._folder).parts)

    def _read(self, target: Path) -> tuple[Path, SourceText] | None:
        real = target.resolve()
        if real in self._seen or len(self._seen) >= _MOST_FILES or real.stat().st_size > LARGEST:
            return None
        self._seen.add(real)
        source = SourceText(self._shown(real), real.read_bytes(), real.name)
        self.sources.append(source)
        return target, source

    def _shown(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()

    def _missing(self, source: SourceText, use: Use, target: Path) -> Finding:
        name = (use.name or "")[:200]
        likely = self._likely(target)
        fix = f"Did you mean {self._as_written(name, likely)!r}?" if likely is not None else None
        found = UNRESOLVED.at(use.line, f"There is no file {name!r}.", fix)
        return found.model_copy(update={"path": source.path})

    def _likely(self, target: Path) -> str | None:
        """The end of a path that exists and is most like a missing one."""
        stem = target.with_suffix("") if target.suffix in _ENDINGS else target
        for base in (target, stem):
            for ending in _ENDINGS:
                candidate = Path(f"{base}{ending}")
                if candidate != target and self._may_read(candidate) and candidate.is_file():
                    return candidate.relative_to(target.parent).as_posix()
        names = list(_names_in(target.parent)) if self._may_read(target.parent) else []
        return next(iter(get_close_matches(target.name, names, n=1, cutoff=0.7)), None)

    def _as_written(self, name: str, likely: str) -> str:
        """A name with its last part replaced, in the style in which it was written."""
        folder = str(PurePosixPath(name).parent)
        shown = likely if folder == "." else f"{folder}/{likely}"
        return f"./{shown}" if name.startswith("./") and not shown.startswith(".") else shown


def _names_in(folder: Path) -> Iterable[str]:
    """The files of a folder that are not hidden."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return []
    return [one.name for one in entries if not one.name.startswith(".") and one.is_file()]
