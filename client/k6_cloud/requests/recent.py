"""Answers to reads that may be a little old."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

_MOST = 2000


@dataclass
class RecentAnswers:
    """Keeps answers for as long as their readers allow. A write of this client drops those that it may have changed."""

    now: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, tuple[float, httpx.Response]] = field(
        default_factory=OrderedDict[str, tuple[float, httpx.Response]]
    )
    _writes: int = 0

    async def read(
        self, path: str, key: str, fresh_for: float, read: Callable[[], Awaitable[httpx.Response]]
    ) -> httpx.Response:
        """Return an answer of the last `fresh_for` seconds, or read it."""
        name = f"{path}?{key}"
        if (kept := self._kept.get(name)) and self.now() - kept[0] < fresh_for:
            return kept[1]
        begun, writes = self.now(), self._writes
        answer = await read()
        # A write at the same time may have come too late for this answer.
        if writes == self._writes:
            self._keep(name, begun, answer)
        return answer

    def written(self, path: str) -> None:
        """Drop the answers about the written object, the objects in it, and the list it is in."""
        self._writes += 1
        for name in [name for name in self._kept if _are_related(name.partition("?")[0], path)]:
            del self._kept[name]

    def _keep(self, name: str, begun: float, answer: httpx.Response) -> None:
        self._kept[name] = begun, answer
        self._kept.move_to_end(name)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _are_related(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
