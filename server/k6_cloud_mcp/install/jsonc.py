"""JSON with comments: read, and changed in one place with every other character kept."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from k6_cloud_mcp.install.errors import Unreadable

Path = tuple[str | int, ...]

_DEEPEST = 100

_TOKEN = re.compile(
    r'(?P<trivia>[\s\ufeff]+|//[^\n]*|/\*.*?\*/)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<mark>[{}\[\],:])'
    r"|(?P<word>[^\s{}\[\],:\"/]+)",
    re.DOTALL,
)


@dataclass
class Node:
    """A value, and where it stands in the text; the members of objects and arrays by key and by index."""

    start: int
    end: int = 0
    value: Any = None
    members: "dict[str | int, Member]" = field(default_factory=dict[str | int, "Member"])


@dataclass(frozen=True)
class Member:
    """A member of an object or array; `start` is where its key begins, or else its value."""

    start: int
    node: Node


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def read(text: str) -> Any:
    """The value of a text; that of an empty one is an empty object. Raises Unreadable."""
    return parse(text).value if text.strip() else {}


def parse(text: str) -> Node:
    """The text as a tree. Raises Unreadable."""
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [token for token in tokens(text) if token.kind != "trivia"]
        self._next = 0
        self._depth = 0

    def document(self) -> Node:
        node = self._value()
        if self._next < len(self._tokens):
            _refuse(self._text, self._peek().start, "something follows the end")
        return node

    def _value(self) -> Node:
        token = self._take()
        if token.text in ("{", "["):
            return self._container(token, "}" if token.text == "{" else "]")
        if token.kind == "mark":
            _refuse(self._text, token.start, f"{token.text!r} stands where a value should")
        return Node(token.start, token.end, self._scalar(token))

    def _scalar(self, token: Token) -> Any:
        try:
            return json.loads(token.text, parse_constant=float)
        except ValueError:
            _refuse(self._text, token.start, f"{token.text[:20]!r} is not a value")

    def _container(self, opening: Token, closing: str) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse(self._text, opening.start, f"it is nested more than {_DEEPEST} levels deep")
        node = Node(opening.start, value={} if closing == "}" else [])
        while self._peek().text != closing:
            self._member(node, closing)
            if self._peek().text not in (",", closing):
                _refuse(self._text, self._peek().start, f"a comma or {closing!r} is missing")
            if self._peek().text == ",":
                self._take()
        node.end = self._take().end
        self._depth -= 1
        return node

    def _member(self, node: Node, closing: str) -> None:
        start = self._peek().start
        if closing == "}":
            key = self._key()
            node.members[key] = Member(start, self._value())
            node.value[key] = node.members[key].node.value
        else:
            node.members[len(node.value)] = Member(start, member := self._value())
            node.value.append(member.value)

    def _key(self) -> str:
        token = self._take()
        if token.kind != "string":
            _refuse(self._text, token.start, f"{token.text[:20]!r} stands where a name should")
        if (colon := self._take()).text != ":":
            _refuse(self._text, colon.start, "a colon is missing")
        return str(self._scalar(token))

    def _peek(self) -> Token:
        if self._next == len(self._tokens):
            _refuse(self._text, len(self._text), "it ends too early")
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token


def tokens(text: str) -> list[Token]:
    """All tokens of a text, blanks and comments included as "trivia". Raises Unreadable."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        if not (match := _TOKEN.match(text, position)):
            _refuse(text, position, f"{text[position]!r} is not expected")
        found.append(Token(str(match.lastgroup), match[0], match.start(), match.end()))
        position = match.end()
    return found


def _refuse(text: str, position: int, reason: str) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    raise Unreadable(f"line {line}, column {position - text.rfind(chr(10), 0, position)}: {reason}")
