"""Connections to the API for many callers: one for each caller and stack, closed when it is no longer used."""

import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import httpx

from k6_cloud.auth import Credentials

Key = tuple[str, ...]
Connect = Callable[[Credentials], httpx.AsyncClient]


@dataclass
class _Kept:
    http: httpx.AsyncClient
    users: int = 0
    free_since: float = 0.0


class Pool:
    """Keeps up to `most` unused connections, each for `idle` seconds. One that is in use is never closed."""

    def __init__(
        self, connect: Connect, most: int = 64, idle: float = 300.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._most = most
        self._idle = idle
        self._now = now
        # The one that was used last stands last.
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @asynccontextmanager
    async def lease(self, key: Key, credentials: Credentials) -> AsyncGenerator[httpx.AsyncClient, None]:
        """The connection of this key, opened with these credentials where there is none. The key names both."""
        if (kept := self._kept.get(key)) is None:
            kept = self._kept[key] = _Kept(self._connect(credentials))
        kept.users += 1
        try:
            yield kept.http
        finally:
            kept.users -= 1
            kept.free_since = self._now()
            self._kept.move_to_end(key)
            await self._close_some()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Close what is idle from time to time, and all at the end."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._sweep)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
                with anyio.CancelScope(shield=True):
                    await self._close([*self._kept])

    async def _sweep(self) -> None:
        while True:
            await anyio.sleep(max(self._idle / 4, 0.05))
            await self._close_some()

    async def _close_some(self) -> None:
        """Close what was not used for long, and of more than `most` those not used for longest."""
        free = [key for key, kept in self._kept.items() if not kept.users]
        oldest = self._now() - self._idle
        surplus = len(self._kept) - self._most
        await self._close(
            [key for place, key in enumerate(free) if place < surplus or self._kept[key].free_since < oldest]
        )

    async def _close(self, keys: list[Key]) -> None:
        # Taken out first: while one is closed, nobody may get it.
        gone = [self._kept.pop(key) for key in keys]
        with anyio.CancelScope(shield=True):
            for kept in gone:
                await kept.http.aclose()
