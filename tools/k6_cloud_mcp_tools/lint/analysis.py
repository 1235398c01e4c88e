"""Lint as one call over plain data, so that it can run in a process of its own."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.syntax.tree import SourceKind
from k6_cloud_mcp_tools.lint import code_rules, option_rules
from k6_cloud_mcp_tools.lint.data_secrets import data_secrets
from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.secret_rules import secrets
from k6_cloud_mcp_tools.lint.source_file import SourceFile
from k6_cloud_mcp_tools.lint.subject import Subject

SOURCE_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")

NOT_CHECKED = Rule(
    "not-checked",
    "hint",
    "Nothing is known about this file.",
    "Lint the source that it was built from.",
)


@dataclass(frozen=True)
class SourceText:
    """The bytes of a file of a script. `path` is its name for people; None for the entry script."""

    path: str | None
    data: bytes
    name: str | None = None


@dataclass(frozen=True)
class Report:
    """The findings, the load zones that the options name with their lines, and the language of the entry script."""

    findings: list[Finding]
    zones: dict[str, int | None] = field(default_factory=dict[str, int | None])
    kind: SourceKind = "javascript"


def lint(sources: Sequence[SourceText], options: dict[str, Any] | None = None) -> Report:
    """Check a script, whose entry comes first; `options` are k6's own reading, if there is one.

    Raises ScriptError if the entry script takes too long to analyse.
    """
    entry, *others = sources
    files = {"": SourceFile(entry.data, entry.name)}
    found: list[Finding] = []
    for source in others:
        if _is_code(source):
            found += _read(source, files)
        else:
            found += _of_file(
                source.path, data_secrets(source.path or "", source.data.decode(errors="replace"))
            )
    main = files[""]
    subject = Subject(main, files, main.options.value if options is None else options)
    found = [*_of_options(subject), *_of_code(subject), *found]
    return Report(found, option_rules.load_zones(subject), main.tree.kind)


def _is_code(source: SourceText) -> bool:
    return posixpath.splitext((source.path or "").lower())[1] in SOURCE_ENDINGS


def _read(source: SourceText, files: dict[str, SourceFile]) -> Iterable[Finding]:
    """Add a file to `files`, or report that it could not be read."""
    path = source.path or ""
    try:
        files[path] = SourceFile(source.data, source.name or path)
    except ScriptError as error:
        return [NOT_CHECKED.at(None, str(error)).model_copy(update={"path": path})]
    return []


def _of_options(subject: Subject) -> Iterable[Finding]:
    return [one for check in option_rules.CHECKS for one in check(subject)]


def _of_code(subject: Subject) -> Iterable[Finding]:
    passed_on = subject.entry.passed_on(subject.entries)
    for path, file in subject.files.items():
        entries = subject.entries if file is subject.entry else passed_on
        scopes = Scopes(file, file.functions(entries))
        checks = code_rules.CHECKS if subject.runs_once else code_rules.CHECKS + code_rules.REPEATED_CHECKS
        found = [one for check in checks for one in check(file, scopes)]
        yield from _of_file(path or None, [*found, *secrets(file)])


def _of_file(path: str | None, found: Iterable[Finding]) -> Iterable[Finding]:
    return found if path is None else [one.model_copy(update={"path": path}) for one in found]
