"""The tokens of a k6 script (JavaScript or TypeScript), so that neither comments nor strings fool whoever looks for code.

Not a parser: what cannot be told without one, such as where types end, stays a row of names and signs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "string", "template", "regex", "sign"]

_SKIP = re.compile(r"\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\A#![^\n]*", re.DOTALL)
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("name", re.compile(r"[#@]?[^\W\d][\w$]*|[#@]?\$[\w$]*")),
    ("number", re.compile(r"0[xob][\da-f_]+n?|(?:\d[\d_]*)?\.?\d[\d_]*(?:e[+-]?\d+)?n?", re.IGNORECASE)),
    ("string", re.compile(r"'(?:[^'\\\n]|\\.)*'?|\"(?:[^\"\\\n]|\\.)*\"?", re.DOTALL)),
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_SIGN = re.compile(r"=>|\.\.\.|\?\.|\?\?|&&|\|\||[=!]==?|[<>+\-*/%]=|\+\+|--|.", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BEFORE_REGEX = frozenset({"return", "typeof", "case", "in", "of", "delete", "void", "throw", "do", "else"})


@dataclass(frozen=True)
class Token:
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
    return list(_Reader(source).tokens())


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0
        self._line = 1
        # One entry for each open `${`: how many braces are open within it.
        self._holes: list[int] = []
        self._last: Token | None = None

    def tokens(self) -> Iterator[Token]:
        while True:
            self._skip()
            if self._position >= len(self._source):
                return
            for token in self._next():
                self._last = token
                yield token

    def _skip(self) -> None:
        while found := _SKIP.match(self._source, self._position):
            self._advance(found[0])

    def _advance(self, text: str) -> None:
        self._line += text.count("\n")
        self._position += len(text)

    def _next(self) -> Iterator[Token]:
        if self._source[self._position] == "`":
            self._advance("`")
            yield from self._template(glued=False)
            return
        for kind, pattern in _PATTERNS:
            if found := pattern.match(self._source, self._position):
                yield self._take(kind, found[0])
                return
        if self._regex_may_stand_here() and (found := _REGEX.match(self._source, self._position)):
            yield self._take("regex", found[0])
            return
        yield from self._sign()

    def _take(self, kind: Kind, text: str) -> Token:
        shown = _ESCAPE.sub(r"\1", text[1:].removesuffix(text[0])) if kind == "string" else text
        token = Token(kind, shown, self._line)
        self._advance(text)
        return token

    def _sign(self) -> Iterator[Token]:
        found = _SIGN.match(self._source, self._position)
        token = self._take("sign", found[0] if found else self._source[self._position])
        yield token
        if not self._holes:
            return
        if token.text == "{":
            self._holes[-1] += 1
        elif token.text == "}" and self._holes[-1]:
            self._holes[-1] -= 1
        elif token.text == "}":
            self._holes.pop()
            yield from self._template(glued=True)

    def _template(self, *, glued: bool) -> Iterator[Token]:
        """The literal part of a template up to its end or to the next `${`."""
        start, line, source = self._position, self._line, self._source
        end = start
        while end < len(source) and source[end] != "`" and not source.startswith("${", end):
            end += 2 if source[end] == "\\" else 1
        text = source[start:end]
        self._advance(text)
        yield Token("template", text, line, glued)
        if source.startswith("${", self._position):
            yield self._take("sign", "${")
            self._holes.append(0)
        else:
            self._position += 1

    def _regex_may_stand_here(self) -> bool:
        """After a value a slash divides; else it begins a regular expression."""
        if self._source[self._position] != "/":
            return False
        last = self._last
        if last is None or last.kind == "name":
            return last is None or last.text in _BEFORE_REGEX
        return last.kind == "sign" and last.text not in {")", "]", "}"}
