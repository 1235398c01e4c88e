"""Differences of two scripts, short enough to be read before they are confirmed."""

import difflib
import json
from collections.abc import Iterator

from anyio import to_thread

from k6_cloud.errors import NotAnalysed
from k6_cloud.redaction import redact_metadata
from k6_cloud.safe_text import quote
from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import ENTRY_MEMBER, Script
from k6_cloud_mcp_tools.context import InWorker
from k6_cloud_mcp_tools.results import counted
from k6_cloud_mcp_tools.untrusted_text import fenced, visible

_COMPARED_BYTES = 200_000
_MEMBERS_SHOWN = 20
_HUNK_HEAD, _HUNK_TAIL = 14, 6
_FIRST_HUNKS, _LAST_HUNKS = 4, 2


# The two sides of a text, if they are small enough, and its name.
Sides = tuple[str | None, str | None, str]


async def differences(in_worker: InWorker, old: Script, new: Script) -> str:
    """Describe the changes from `old` to `new`: files of archives, lines of the entry script, and of an archive's metadata.

    Empty where only the secrets stored in an archive differ. Raises ScriptError for an archive that cannot be read.
    """
    rows, texts = await to_thread.run_sync(_compared, old, new)
    lines = [*rows]
    for sides in texts:
        lines += await _diff(in_worker, *sides)
    return "\n".join(fenced("differences of the two scripts", lines)) if lines else ""


def _compared(old: Script, new: Script) -> tuple[list[str], list[Sides]]:
    """The rows about files, and the texts to compare line by line."""
    source = _source(old), _source(new), "script"
    if not old.kind == new.kind == "archive":
        return [], [source]
    return [*_members(old, new)], [source, (_metadata(old), _metadata(new), "metadata")]


def _members(old: Script, new: Script) -> Iterator[str]:
    """The files of an archive that come, go and change."""
    before, after = _paths(old), _paths(new)
    rows = [f"+ file {quote(path)}" for path in sorted(after - before)]
    rows += [f"- file {quote(path)}" for path in sorted(before - after)]
    rows += [f"~ file {quote(path)}" for path in sorted(old.changed(new) & before)]
    yield from rows[:_MEMBERS_SHOWN]
    if len(rows) > _MEMBERS_SHOWN:
        yield f"… {counted(len(rows) - _MEMBERS_SHOWN, 'more file')}"


def _paths(script: Script) -> set[str]:
    """The files of an archive, but for its metadata: that is compared without its secrets."""
    return {member.path for member in script.members()} - {METADATA_MEMBER}


async def _diff(in_worker: InWorker, old: str | None, new: str | None, name: str) -> list[str]:
    """A diff; only a word for what is too large for one, or takes too long: no diff is quick for every text."""
    if old is None or new is None:
        return [f"… {name} too large to compare line by line"]
    try:
        return await in_worker(line_diff, old, new, name)
    except NotAnalysed:
        return [f"… {name} differs in too many places to compare line by line"]


def line_diff(old: str, new: str, name: str) -> list[str]:
    """A unified diff, cut to the head and the tail of what it has."""
    # Not splitlines: it also splits at characters that would let a line pose as two.
    diff = difflib.unified_diff(
        old.split("\n"), new.split("\n"), f"stored {name}", f"new {name}", n=2, lineterm=""
    )
    header, hunks = _hunks(diff)
    left_out = hunks[_FIRST_HUNKS:-_LAST_HUNKS]
    if left_out:
        gap = [f"… {counted(sum(map(len, left_out)), 'more line')} in {counted(len(left_out), 'more place')}"]
        hunks = [*hunks[:_FIRST_HUNKS], gap, *hunks[-_LAST_HUNKS:]]
    return header + [visible(line) for hunk in hunks for line in _cut(hunk)]


def _hunks(diff: Iterator[str]) -> tuple[list[str], list[list[str]]]:
    """The two lines that name the sides of a diff, and its hunks."""
    header = [line for _, line in zip(range(2), diff, strict=False)]
    hunks: list[list[str]] = []
    for line in diff:
        if line.startswith("@@"):
            hunks.append([])
        hunks[-1].append(line)
    return header, hunks


def _cut(hunk: list[str]) -> list[str]:
    cut = len(hunk) - _HUNK_HEAD - _HUNK_TAIL
    if cut <= 1:
        return hunk
    return [*hunk[:_HUNK_HEAD], f"… {cut} more lines", *hunk[-_HUNK_TAIL:]]


def _source(script: Script) -> str | None:
    """The entry script; None where it is too large to compare."""
    if script.kind == "javascript":
        data = script.read(0, _COMPARED_BYTES + 1)
    else:
        data = script.member(ENTRY_MEMBER, _COMPARED_BYTES + 1)
    return data.decode(errors="replace") if len(data) <= _COMPARED_BYTES else None


def _metadata(script: Script) -> str | None:
    """An archive's metadata (options, names of variables) without secrets, one value to a line."""
    if METADATA_MEMBER not in {member.path for member in script.members()}:
        return ""
    text = json.dumps(redact_metadata(script.metadata()), indent=1, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _COMPARED_BYTES else None
