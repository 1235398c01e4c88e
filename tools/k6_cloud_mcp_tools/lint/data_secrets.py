"""Secrets in the data files of an archive: JSON, CSV, and files of names and values."""

import csv
import re
from collections.abc import Iterable, Iterator

from k6_cloud_mcp_tools.lint.findings import Finding
from k6_cloud_mcp_tools.lint.secret_patterns import SECRET, is_called_secret, looks, members

_SETTING = re.compile(
    r"^[ \t]{0,40}(?:export[ \t]{1,9})?([\w.-]{1,60})[ \t]{0,9}[=:][ \t]{0,9}[\"']?([^\s\"'#]{1,500})",
    re.MULTILINE,
)
_SEPARATORS = (",", ";", "\t")
_MOST_FINDINGS = 10
_MOST_ROWS = 1_000


def data_secrets(path: str, text: str) -> Iterable[Finding]:
    """Report texts in a data file that look like a secret, or are called one: the first of each kind."""
    reported = set[str]()
    for line, what in _secrets(path.lower(), text):
        if what not in reported and len(reported) < _MOST_FINDINGS:
            reported.add(what)
            yield SECRET.at(line, f"This line of data holds what looks like {what}.")


def _secrets(path: str, text: str) -> Iterator[tuple[int, str]]:
    for position, what in (*looks(text), *members(text)):
        yield _line_at(text, position), what
    if path.endswith((".csv", ".tsv")):
        yield from _columns(text)
    elif not path.endswith(".json"):
        for found in _SETTING.finditer(text):
            if is_called_secret(found[1], found[2]):
                yield _line_at(text, found.start(1)), f"the value of {found[1]!r}"


def _columns(text: str) -> Iterator[tuple[int, str]]:
    """The columns of a table that are called a secret, at their first value that may be one."""
    first = text[: text.find("\n")] if "\n" in text else text
    separator = max(_SEPARATORS, key=first.count)
    rows = csv.reader(text.splitlines()[:_MOST_ROWS], delimiter=separator)
    try:
        header = next(rows, list[str]())
        for line, row in enumerate(rows, 2):
            for name, value in zip(header, row, strict=False):
                if is_called_secret(name.strip(), value.strip()):
                    yield line, f"a value of the column {name.strip()!r}"
    except csv.Error:
        return


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
