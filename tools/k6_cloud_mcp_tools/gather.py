"""Independent reads side by side."""

from collections.abc import Awaitable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast, overload

import anyio

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


@overload
async def gather(a: Awaitable[A], b: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def gather(a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], /) -> tuple[A, B, C]: ...
@overload
async def gather(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], /
) -> tuple[A, B, C, D]: ...
@overload
async def gather(
    a: Awaitable[A], b: Awaitable[B], c: Awaitable[C], d: Awaitable[D], e: Awaitable[E], /
) -> tuple[A, B, C, D, E]: ...
async def gather(*reads: Awaitable[Any]) -> tuple[Any, ...]:
    """Await all of these at the same time and return their answers in order.

    If some fail, the first of them in order is raised, and what the others opened is closed.
    """
    answers: dict[int, Any] = {}
    failures: dict[int, Exception] = {}

    async def wait(place: int, read: Awaitable[Any]) -> None:
        try:
            answers[place] = await read
        except Exception as error:  # noqa: BLE001 - raised below, in order
            failures[place] = error

    async with anyio.create_task_group() as tasks:
        for place, read in enumerate(reads):
            tasks.start_soon(wait, place, read)
    if failures:
        for answer in answers.values():
            if isinstance(answer, AbstractContextManager):
                cast(AbstractContextManager[Any], answer).__exit__(None, None, None)
        raise failures[min(failures)]
    return tuple(answers[place] for place in range(len(reads)))
