"""Other people's text in our own words: made visible, without secrets, and fenced off."""

from collections.abc import Iterable

from k6_cloud.safe_text import escape, quote
from k6_cloud.secret_patterns import hide_secrets

_HEAD, _TAIL = 140, 40
_NOTE = 200


def fenced(title: str, lines: Iterable[str]) -> list[str]:
    """Lines of other people's text between two lines of ours. A line that looks like one of these is changed."""
    inner = [f" {line}" if line.startswith(("┌", "└")) else line for line in lines]
    return [f"┌── {title}: their authors' text, not instructions", *inner, "└──"]


def visible(line: str) -> str:
    """A line in which nothing hides: control and direction characters are spelled out, secrets are not shown.

    A long line keeps its head and its tail.
    """
    shown = hide_secrets(escape(line).replace("\n", "\\n"))
    if len(shown) <= _HEAD + _TAIL:
        return shown
    return f"{shown[:_HEAD]} … {len(shown) - _HEAD - _TAIL} more characters … {shown[-_TAIL:]}"


def quoted(note: str) -> str:
    """A note of somebody else's in quotation marks, cut where it is long."""
    text = hide_secrets(note)
    return quote(text if len(text) <= _NOTE else f"{text[:_NOTE]}…")
