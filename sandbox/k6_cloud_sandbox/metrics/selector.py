"""Selectors: which series of a run are meant, like `http_reqs{status=~"2..",method!="POST"}`."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from k6_cloud_sandbox.errors import InvalidRequest
from k6_cloud_sandbox.metrics.safe_regex import matching

Labels = dict[str, str]

NAME = "__name__"
_LONGEST = 4000
_SELECTOR = re.compile(r"([\w:.]*)\s*(?:\{(.*)\})?", re.DOTALL)
_MATCHER = re.compile(
    r"""\s*([^\s{}=!~,"']+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(,|$)""", re.DOTALL
)
_ESCAPED = re.compile(r"\\([\"'\\])")


@dataclass(frozen=True)
class Matcher:
    """One condition on a label; a label that a series does not have counts as empty."""

    label: str
    operator: str
    value: str

    def condition(self, values: Iterable[str], target: str) -> Callable[[str], bool]:
        """Whether a value fits, for any of `values`."""
        regex = self.operator.endswith("~")
        fitting = matching(self.value, values, target) if regex else {self.value}
        wanted = not self.operator.startswith("!")
        return lambda value: (value in fitting) is wanted


@dataclass(frozen=True)
class Selector:
    """A metric, or any where `name` is empty, with conditions on labels. `target` is where it stood in the request."""

    name: str
    matchers: tuple[Matcher, ...]
    target: str

    def select(self, series: Mapping[int, Labels]) -> dict[int, Labels]:
        """Those of some numbered series that fit."""
        found = {number: labels for number, labels in series.items() if self.name in ("", labels[NAME])}
        for matcher in self.matchers:
            values = {labels.get(matcher.label, "") for labels in found.values()}
            fits = matcher.condition(values, self.target)
            found = {n: labels for n, labels in found.items() if fits(labels.get(matcher.label, ""))}
        return found


def parse_selector(text: str, target: str) -> Selector:
    """The selector in `text`. Raises InvalidRequest, which names `target`."""
    found = _SELECTOR.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if not found or not (found[1] or found[2]):
        raise _wrong(text, target)
    return Selector(found[1], tuple(_matchers(found[2] or "", text, target)), target)


def _matchers(inner: str, text: str, target: str) -> Iterable[Matcher]:
    position = 0
    inner = inner.rstrip()
    while position < len(inner):
        found = _MATCHER.match(inner, position)
        if not found:
            raise _wrong(text, target)
        yield Matcher(found[1], found[2], _ESCAPED.sub(r"\1", found[3][1:-1]))
        position = found.end()


def _wrong(text: str, target: str) -> InvalidRequest:
    return InvalidRequest.field(
        target,
        f'{text[:100]!r} is no selector. One looks like http_reqs{{status="200",name!~"a.*"}}; '
        "the operators are = != =~ !~.",
    )
