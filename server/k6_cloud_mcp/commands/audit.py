"""`k6-cloud-mcp audit`: the audit as a table or as JSON."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from k6_cloud.safe_text import escape_json, one_line
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.state.audit_log import attempts_in, journal_of
from k6_cloud_mcp.state.audit_rows import AuditRow, joined
from k6_cloud_mcp.state.journal import Journal
from k6_cloud_mcp.terminal import echo, styled

_HEADINGS = ("WHEN", "WHO", "CLIENT", "TOOL", "TARGETS", "BY", "OUTCOME", "RUN")
_OUTCOME = _HEADINGS.index("OUTCOME")
_GAP = "  "
_NARROWEST = 40
_PIPED = 120
_COLOURS = {"done": "green", "failed": "red", "refused": "yellow", "under way": "cyan"}
_ROWS = TypeAdapter(list[AuditRow])


def show_audit(*, limit: int, tool: str | None, as_json: bool, file: Path | None) -> int:
    """Print the newest calls. Returns the exit code."""
    journal = journal_of(Settings.load())
    if file is not None:
        journal = replace(journal, path=file) if journal else Journal(file, 0)
    if journal is None:
        echo("The audit is off (K6_MCP_AUDIT_FILE=off). Name a file to read with --file.", err=True)
        return 1
    try:
        rows = _rows(journal, limit, tool)
    except OSError as error:
        echo(f"The audit cannot be read: {error}", err=True)
        return 1
    if as_json:
        echo(escape_json(_ROWS.dump_json(rows, indent=2, exclude_none=True).decode()))
    elif rows:
        for line in table(rows, _width()):
            echo(*line)
    else:
        echo(_nothing(journal.path, tool))
    return 0


def _rows(journal: Journal, limit: int, tool: str | None) -> list[AuditRow]:
    attempts = attempts_in(journal)
    return joined((one for one in attempts if tool in (None, one.tool)), limit)


def _nothing(path: Path, tool: str | None) -> str:
    if not path.exists():
        return f"No audit yet: {path} does not exist. It begins with the first guarded call."
    return f"{path} has no record of {tool}." if tool else f"{path} has no records."


def _width() -> int:
    return max(_NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _PIPED


def table(rows: Sequence[AuditRow], width: int) -> list[list[str]]:
    """The lines of a table that is at most `width` wide, in parts."""
    cells = [_HEADINGS, *map(_cells, rows)]
    natural = [max(map(len, column)) for column in zip(*cells, strict=True)]
    widths = _fitted(natural, width - len(_GAP) * (len(natural) - 1))
    heading, *lines = ([_cut(text, size) for text, size in zip(line, widths, strict=True)] for line in cells)
    for line, row in zip(lines, rows, strict=True):
        line[_OUTCOME] = styled(line[_OUTCOME], fg=_COLOURS.get(row.outcome, "magenta"))
    return [[styled(_GAP.join(heading).rstrip(), bold=True)], *map(_spaced, lines)]


def _spaced(cells: Sequence[str]) -> list[str]:
    """The cells of a line with gaps between them, without blanks at its end."""
    *first, last = cells
    shown = [*first, last.rstrip()] if last.strip() else first
    return [part for cell in shown[:-1] for part in (cell, _GAP)] + shown[-1:]


def _cells(row: AuditRow) -> tuple[str, ...]:
    targets = ", ".join(f"{name.removesuffix('_id')} {number}" for name, number in row.targets.items())
    run = str(row.test_run_id) if row.test_run_id else ""
    when = f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}"
    cells = (when, row.caller, row.client or "", row.tool, targets, row.decided_by or "", row.outcome, run)
    # Callers choose their own names.
    return tuple(map(one_line, cells))


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Widths that fit: the widest column gives way, the time only after the others are half of it."""
    fitted = [*widths]
    while sum(fitted) > room:
        widest = max(range(len(fitted)), key=lambda column: fitted[column] / (1 if column else 2))
        fitted[widest] -= 1
    return fitted


def _cut(text: str, size: int) -> str:
    return text.ljust(size) if len(text) <= size else text[: size - 1] + "…"
