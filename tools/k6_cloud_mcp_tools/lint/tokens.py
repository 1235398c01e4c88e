"""The tokens of a k6 script (JavaScript or TypeScript), so that neither comments nor strings fool whoever looks for code.

Not a parser: what cannot be told without one, such as where types end, stays a row of names and signs.
"""

import re
from typing import Literal, NamedTuple, cast

Kind = Literal["name", "number", "string", "template", "regex", "sign"]

# One pattern whose groups are kinds: a large script has hundreds of thousands of tokens.
_PIECE = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\A#![^\n]*)|"
    r"(?P<name>[#@]?[^\W\d][\w$]*|[#@]?\$[\w$]*)|"
    r"(?P<number>(?i:0[xob][\da-f_]+n?|(?:\d[\d_]*)?\.?\d[\d_]*(?:e[+-]?\d+)?n?))|"
    r"(?P<string>'(?:[^'\\\n]+|\\.)*'?|\"(?:[^\"\\\n]+|\\.)*\"?)|"
    r"(?P<template>`)|"
    r"(?P<sign>=>|\.\.\.|\?\.|\?\?|&&|\|\||[=!]==?|[<>+\-*/%]=|\+\+|--|.)",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_LITERAL = re.compile(r"(?:[^`\\$]+|\\.?|\$(?!\{))*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BEFORE_REGEX = frozenset({"return", "typeof", "case", "in", "of", "delete", "void", "throw", "do", "else"})


class Token(NamedTuple):
    """A piece of code; `line` counts from 1. `text` of a string is what it stands for.

    A template comes as one `template` token per literal part, with the signs `${` and `}` around the code between.
    `glued` marks the parts that follow the first.
    """

    kind: Kind
    text: str
    line: int
    glued: bool = False

    def is_sign(self, *texts: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind == "sign" and self.text in texts

    def is_name(self, *texts: str) -> bool:
        """Whether it is one of these names or keywords."""
        return self.kind == "name" and self.text in texts


def tokens_of(source: str) -> list[Token]:
    """The tokens of a source. Never fails: what is no JavaScript gives tokens of little use."""
    return _Reader(source).read()


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0
        self._line = 1
        # One entry for each open `${`: how many braces are open within it.
        self._holes: list[int] = []
        self._tokens: list[Token] = []

    def read(self) -> list[Token]:
        while found := _PIECE.match(self._source, self._position):
            self._take_piece(found.lastgroup, found[0])
        return self._tokens

    def _take_piece(self, kind: str | None, text: str) -> None:
        if kind == "space":
            self._advance(text)
        elif kind == "template":
            self._advance(text)
            self._take_literal(glued=False)
        elif kind == "sign":
            self._take_sign(text)
        else:
            self._take(cast(Kind, kind), text)

    def _take(self, kind: Kind, text: str) -> None:
        shown = _ESCAPE.sub(r"\1", text[1:].removesuffix(text[0])) if kind == "string" else text
        self._tokens.append(Token(kind, shown, self._line))
        self._advance(text)

    def _advance(self, text: str) -> None:
        self._line += text.count("\n")
        self._position += len(text)

    def _take_sign(self, text: str) -> None:
        if found := self._regex(text):
            self._take("regex", found[0])
            return
        self._take("sign", text)
        if self._holes:
            self._follow_braces(text)

    def _regex(self, sign: str) -> re.Match[str] | None:
        if sign in ("/", "/=") and self._regex_may_stand_here():
            return _REGEX.match(self._source, self._position)
        return None

    def _follow_braces(self, sign: str) -> None:
        """Go on with the template where the code within it ends."""
        if sign == "{":
            self._holes[-1] += 1
        elif sign == "}" and self._holes[-1]:
            self._holes[-1] -= 1
        elif sign == "}":
            self._holes.pop()
            self._take_literal(glued=True)

    def _take_literal(self, *, glued: bool) -> None:
        """The literal part of a template up to its end or to the next `${`."""
        found = _LITERAL.match(self._source, self._position)
        text = found[0] if found else ""
        self._tokens.append(Token("template", text, self._line, glued))
        self._advance(text)
        if self._source.startswith("${", self._position):
            self._take("sign", "${")
            self._holes.append(0)
        else:
            self._position += 1

    def _regex_may_stand_here(self) -> bool:
        """After a value a slash divides; else it begins a regular expression."""
        if not self._tokens:
            return True
        last = self._tokens[-1]
        if last.kind == "name":
            return last.text in _BEFORE_REGEX
        return last.kind == "sign" and last.text not in {")", "]", "}"}
