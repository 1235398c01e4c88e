"""Names that a person types to confirm: which can be typed, and when two are the same."""

import unicodedata

# Drawn as nothing or as a blank, though their category is that of letters, marks or symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def is_typable(name: str) -> bool:
    """Whether a person can see all of a name, and so type it."""
    trimmed = folded(name)
    return bool(trimmed) and not any(map(_is_invisible, trimmed))


def folded(name: str) -> str:
    """A name as it is compared: composed (NFC) and without blanks around it."""
    return unicodedata.normalize("NFC", name).strip()


def _is_invisible(character: str) -> bool:
    """Controls, formats, unassigned and private characters, and blanks other than a space."""
    if unicodedata.category(character)[0] in "CZ":
        return character != " "
    return character in _BLANK or any(ord(character) in span for span in _VARIATIONS)
