"""Texts that keep careless patterns busy: what a pattern repeats, repeated, and then not what it needs."""

import re
from collections.abc import Iterable
from itertools import product
from typing import Any

LENGTH = 8_000
METHODS = ("match", "fullmatch", "search", "sub")
_USUAL = " \t\na0_-\"'\\{}[](),.:/*%="
_CHARACTERS, _WORDS = 16, 10
_SYNTAX = re.compile(r"\\.|\(\?[^)(:]*[:>)]?|\[\^?[^\]]{0,20}\]")


def use_all(source: str | bytes, flags: int, methods: Iterable[str], texts: list[str]) -> int:
    """Let a pattern look at each text by each method; the number of texts."""
    pattern = re.compile(source, flags)
    for text in texts:
        subject: Any = text.encode() if isinstance(source, bytes) else text
        for method in methods:
            _use(pattern, method, subject)
    return len(texts)


def _use(pattern: re.Pattern[Any], method: str, subject: Any) -> None:
    if method in ("match", "fullmatch", "search"):
        getattr(pattern, method)(subject)
    else:
        # What findall, finditer, split and sub do: look on, where the last one ended.
        pattern.sub(subject[:0], subject)


def texts_against(pattern: re.Pattern[Any], length: int = LENGTH) -> list[str]:
    """Repetitions of all characters and words in a pattern, alone, in pairs and after each of its words."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    words = re.findall(r"[A-Za-z0-9]{2,}", _SYNTAX.sub(" ", source))[:_WORDS]
    signs = [*dict.fromkeys([*re.findall(r"[^\w\s\\^$|?+]", source), *_USUAL])][:_CHARACTERS]
    units = [*dict.fromkeys([*words, *signs, "a", "0", " "])]
    repeated = [start + unit * (length // len(unit)) for start, unit in product(["", *words], units)]
    repeated += [(one + other) * (length // len(one + other)) for one, other in product(units, units)]
    return [f"{text}\n!" for text in repeated]
