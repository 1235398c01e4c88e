"""What a script consists of, told from its tokens: imports, exports, functions, calls, and literal options."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from k6_cloud_mcp_tools.lint.tokens import Token, tokens_of

_OPEN = {"(": ")", "[": "]", "{": "}", "${": "}"}
_CLOSING = frozenset(_OPEN.values())
_DEEPEST = 20
# Hardly anyone writes longer arguments: a bound, so that nested calls cost no more than others.
_LONGEST = 300
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}


class Unknown:
    """A value that only running the script would tell."""


UNKNOWN = Unknown()
Path = tuple[str, ...]


@dataclass(frozen=True)
class CallSite:
    """A call `name(…)`; `name` has its dots. `start` and `end` are the positions of its parentheses."""

    name: str
    line: int
    start: int
    end: int


@dataclass
class Options:
    """The object after `options =`: its values, UNKNOWN where they are computed, and the line of each path."""

    value: Any = UNKNOWN
    lines: dict[Path, int] = field(default_factory=dict[Path, int])

    def line(self, *path: str) -> int | None:
        """The line where a path stands, or where the nearest part of it does."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(path[:length]):
                return line
        return None


class Outline:
    """One source file."""

    def __init__(self, source: str) -> None:
        self.tokens = tokens_of(source)

    @cached_property
    def pairs(self) -> dict[int, int]:
        """The position of every opening bracket, to that of its closing one."""
        pairs: dict[int, int] = {}
        stack: list[int] = []
        for position, token in enumerate(self.tokens):
            if token.kind == "sign" and token.text in _OPEN:
                stack.append(position)
            elif token.kind == "sign" and token.text in _CLOSING and stack:
                pairs[stack.pop()] = position
        return pairs

    @cached_property
    def openings(self) -> dict[int, int]:
        """The position of every closing bracket, to that of its opening one."""
        return {end: start for start, end in self.pairs.items()}

    @cached_property
    def _around(self) -> list[int]:
        """For each token the position of the bracket that it stands in; -1 outside of all."""
        around: list[int] = []
        stack = [-1]
        for position, _ in enumerate(self.tokens):
            if position in self.openings:
                stack.pop()
            around.append(stack[-1])
            if position in self.pairs:
                stack.append(position)
        return around

    def brackets_around(self, position: int) -> Iterator[int]:
        """The opening brackets that a token stands in, the innermost first."""
        while (position := self._around[position]) >= 0:
            yield position

    def closing(self, position: int) -> int:
        """Where the bracket at a position closes; one that does not holds nothing."""
        return self.pairs.get(position, position + 1)

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        """The module names that are imported, re-exported or required, with their lines."""
        return [
            (token.text, token.line)
            for position, token in enumerate(self.tokens)
            if token.kind == "string" and self._is_module(position)
        ]

    def _is_module(self, position: int) -> bool:
        before = self.at(position - 1)
        if before.is_name("from", "import"):
            return True
        return before.is_sign("(") and self.at(position - 2).is_name("require", "import")

    @cached_property
    def calls(self) -> list[CallSite]:
        """Every call by name, in order; also `new Name(…)`."""
        return [
            CallSite(name, token.line, position + 1, self.closing(position + 1))
            for position, token in enumerate(self.tokens)
            if token.kind == "name" and self.at(position + 1).is_sign("(")
            if not self.at(position - 1).is_name("function")
            for name in [self._dotted(position)]
        ]

    def _dotted(self, position: int) -> str:
        name = self.tokens[position].text
        while self.at(position - 1).is_sign(".", "?."):
            position -= 2
            before = self.at(position)
            name = f"{before.text if before.kind == 'name' else ''}.{name}"
        return name

    def arguments(self, call: CallSite) -> list[Sequence[Token]]:
        """The tokens of each argument of a call."""
        parts: list[Sequence[Token]] = []
        start = position = call.start + 1
        end = min(call.end, start + _LONGEST)
        while position < end:
            if self.tokens[position].is_sign(","):
                parts.append(self.tokens[start:position])
                start = position + 1
            position = self._after(position)
        last = self.tokens[start:end]
        return [*parts, last] if last else parts

    def _after(self, position: int) -> int:
        """The position behind the value or bracket at a position."""
        return self.pairs[position] + 1 if position in self.pairs else position + 1

    @cached_property
    def exports(self) -> set[str] | None:
        """The exported names, `default` among them; None where they cannot be told."""
        names: set[str] = set()
        for position, token in enumerate(self.tokens):
            if token.is_name("module", "exports") and self.at(position + 1).is_sign(".", "=", "["):
                return None
            if not token.is_name("export"):
                continue
            if (found := self._exported(position + 1)) is None:
                return None
            names |= found
        return names

    def _exported(self, position: int) -> set[str] | None:
        token = self.at(position)
        if token.is_sign("*"):
            return None
        if token.is_sign("{"):
            return self._listed(position)
        while self.at(position).is_name(
            "async", "function", "const", "let", "var", "class", "declare"
        ) or self.at(position).is_sign("*"):
            position += 1
        is_pattern = self.at(position).is_sign("{", "[")
        return None if is_pattern else {self.at(position).text}

    def _listed(self, position: int) -> set[str]:
        """`{ a, b as c }`: a and c."""
        names: set[str] = set()
        # No bracket stands in such a list.
        while not self.at(position := position + 1).is_sign("", "}", "{"):
            if self.at(position).kind == "name" and self.at(position + 1).is_sign(",", "}"):
                names.add(self.at(position).text)
        return names

    @cached_property
    def options(self) -> Options:
        """The literal `options`: empty where none are exported, UNKNOWN where they cannot be read."""
        for position, token in enumerate(self.tokens):
            if token.is_name("options") and self._is_declared(position):
                while not self.at(position).is_sign("=", "", ";"):
                    position += 1
                options = Options(lines={(): token.line})
                options.value = self._value(position + 1, (), options)
                return options
        is_without = self.exports is not None and "options" not in self.exports
        return Options({}) if is_without else Options()

    def _is_declared(self, position: int) -> bool:
        before = self.at(position - 1)
        return before.is_name("const", "let", "var") or before.is_sign(".")

    def _value(self, position: int, path: Path, options: Options) -> Any:
        token = self.at(position)
        if len(path) > _DEEPEST:
            return UNKNOWN
        if token.is_sign("{"):
            return self._object(position, path, options)
        if token.is_sign("["):
            return [self._value(item, (*path, "[]"), options) for item in self._items(position)]
        if not self._stands_alone(position):
            return UNKNOWN
        if token.kind == "number":
            return _number(token.text)
        if token.kind in ("string", "template"):
            return token.text
        return _WORDS.get(token.text, UNKNOWN) if token.kind == "name" else UNKNOWN

    def _stands_alone(self, position: int) -> bool:
        after = self.at(position + 1)
        return after.is_sign(",", "}", "]", ";", "") or after.line > self.at(position).line

    def _object(self, position: int, path: Path, options: Options) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in self._items(position):
            key = self.at(item)
            if key.is_sign("...", "["):
                # What is spread in or named by code may be anything.
                found["..."] = UNKNOWN
                continue
            here = (*path, key.text)
            options.lines[here] = key.line
            is_pair = self.at(item + 1).is_sign(":")
            found[key.text] = self._value(item + 2, here, options) if is_pair else UNKNOWN
        return found

    def _items(self, position: int) -> Iterator[int]:
        """Where each item of an object or array begins."""
        end = self.closing(position)
        here = position + 1
        while here < end:
            if not self.tokens[here].is_sign(","):
                yield here
            while here < end and not self.tokens[here].is_sign(","):
                here = self._after(here)
            here += 1

    def bodies(self, names: set[str]) -> list[tuple[int, int]]:
        """Where the bodies of these exported functions begin and end."""
        found: list[tuple[int, int]] = []
        for position, token in enumerate(self.tokens):
            if token.is_name("export") and (self._exported(position + 1) or set[str]()) & names:
                start = position
                while start < len(self.tokens) and not self.tokens[start].is_sign("{", ";"):
                    start = self._after(start)
                if self.at(start).is_sign("{"):
                    found.append((start, self.closing(start)))
        return found

    def at(self, position: int) -> Token:
        """The token at a position; an empty sign outside of the file."""
        return self.tokens[position] if 0 <= position < len(self.tokens) else _NOTHING


_NOTHING = Token("sign", "", 0)


def known(value: Any, *path: str) -> Any:
    """The value at a path of nested objects: None where nothing is set, UNKNOWN where it may be."""
    for name in path:
        if not isinstance(value, dict):
            return None if value is None else UNKNOWN
        node = cast("dict[str, Any]", value)
        value = node.get(name, UNKNOWN if "..." in node else None)
    return value


def _number(text: str) -> float:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return 0
