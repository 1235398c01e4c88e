"""Requests side by side, a few at a time."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import anyio

Result = TypeVar("Result")
AT_ONCE = 8


async def side_by_side(
    calls: Iterable[Callable[[], Awaitable[Result]]], limit: int = AT_ONCE
) -> list[Result]:
    """Make calls at the same time, `limit` of them at most, and return their results in order.

    The first error cancels the other calls and is raised as it is, not in a group.
    """
    results: dict[int, Result] = {}
    errors: Sequence[Exception] = ()
    places = anyio.CapacityLimiter(limit)

    async def run(number: int, call: Callable[[], Awaitable[Result]]) -> None:
        async with places:
            results[number] = await call()

    try:
        async with anyio.create_task_group() as tasks:
            for number, call in enumerate(calls):
                tasks.start_soon(run, number, call)
    except ExceptionGroup as group:
        errors = group.exceptions
    # Raised out here, so that the group does not become the error's context.
    if errors:
        raise errors[0]
    return [results[number] for number in sorted(results)]
