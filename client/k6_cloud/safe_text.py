"""Untrusted text on its way to a model, a terminal, a log or a page: nothing in it hides or moves the rest.

Control characters (C0, C1), marks of direction, line and paragraph separators, tags and characters that show nothing are
spelled out. Letters, marks, joiners and variation selectors of all scripts stay where they do something, and emoji whole.
"""

import re
from typing import Any, cast

ELLIPSIS = "…"
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
# Soft hyphen, Arabic letter mark, zero-width space, marks of direction, separators, embeddings and isolates, invisible
# operators, fillers, byte order marks, annotations, noncharacters, halves of characters.
_INVISIBLE = (
    "\\xad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\uffa0\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff"
    "\\ufdd0-\\ufdef\\ud800-\\udfff"
)
# A flag is a black flag with tags: only these three are in use.
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
# After a letter of a script that joins, or an emoji, a joiner shapes it; elsewhere it only hides something.
_IDLE_JOINER = "(?<![\\u0300-\\u1fff\\u20d0-\\ufdcf\\ufdf0-\\ufefe\\uff00-\\ufff8\\U00010000-\\U0003ffff])[\\u200c\\u200d]"
_IDLE_SELECTOR = r"(?<=[\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_STRAY_SELECTOR = r"(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
_HIDDEN = re.compile(
    rf"(?P<flag>{_FLAGS})|[{_CONTROLS}{_INVISIBLE}\U000e0000-\U000e00ff]|{_IDLE_JOINER}|{_IDLE_SELECTOR}|{_STRAY_SELECTOR}"
)
_LINE = re.compile(r"[\t\n]")


def escape(text: str) -> str:
    """The text with what hides in it spelled out, as `\\x1b` or `\\u202e`; line feeds and tabs stay."""
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(_spelled_out, text)


def one_line(text: str) -> str:
    """The text on one line: line feeds and tabs are spelled out too."""
    return _LINE.sub(_spelled_out, escape(text))


def quote(text: str) -> str:
    """The text in quotation marks, on one line: as Python writes it, but with letters and joiners of all scripts."""
    mark = '"' if "'" in text and '"' not in text else "'"
    body = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{one_line(body)}{mark}"


def clip(text: str, length: int) -> str:
    """The text, cut to a length."""
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS


def escape_all(value: Any) -> Any:
    """A JSON value in which all texts, names of members too, are escaped."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [escape_all(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {escape_all(key): escape_all(item) for key, item in cast(dict[Any, Any], value).items()}
    return value


def escape_json(text: str) -> str:
    """JSON that says the same, with what hides in its texts written as JSON's own escapes: `\\u202e` reads as it was."""
    return text if text.isascii() else _HIDDEN.sub(_json_escape, text)


def _spelled_out(found: re.Match[str]) -> str:
    return found[0] if found.lastgroup else _code(found[0])


def _code(character: str) -> str:
    named = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(character)
    number = ord(character)
    return named or (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )


def _json_escape(found: re.Match[str]) -> str:
    if found.lastgroup:
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
