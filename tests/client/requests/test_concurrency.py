from collections.abc import Awaitable, Callable

import anyio
import pytest

from k6_cloud.errors import TimedOut
from k6_cloud.requests.concurrency import side_by_side


class Calls:
    """Calls that wait for each other in groups, and count how many run at once."""

    def __init__(self, together: int) -> None:
        self.running = self.most = 0
        self._together = together
        self._gathered = anyio.Event()

    def call(self, number: int) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            self.running += 1
            self.most = max(self.most, self.running)
            if self.running == self._together:
                self._gathered.set()
            await self._gathered.wait()
            self.running -= 1
            return number

        return run


async def test_calls_run_side_by_side_and_results_keep_their_order():
    calls = Calls(together=3)

    assert await side_by_side([calls.call(number) for number in (5, 6, 7)]) == [5, 6, 7]
    assert calls.most == 3


async def test_no_more_calls_run_at_once_than_allowed():
    calls = Calls(together=2)

    assert await side_by_side([calls.call(number) for number in range(20)], limit=2) == [*range(20)]
    assert calls.most == 2


async def test_no_calls_have_no_results():
    assert await side_by_side([]) == []


async def test_the_first_error_is_raised_alone_and_the_other_calls_are_cancelled():
    ended: list[str] = []

    async def forever() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")

    async def fail() -> None:
        raise TimedOut("slow") from OSError("cause")

    with pytest.raises(TimedOut, match="slow") as caught:
        await side_by_side([forever, fail, forever])

    assert ended == ["cancelled", "cancelled"]
    assert isinstance(caught.value.__cause__, OSError)


async def test_a_cancelled_caller_is_not_kept_by_its_calls():
    with anyio.move_on_after(0.01) as scope:
        await side_by_side([anyio.sleep_forever] * 3)

    assert scope.cancelled_caught


async def test_of_several_errors_one_is_raised():
    async def fail() -> None:
        raise TimedOut("slow")

    with pytest.raises(TimedOut):
        await side_by_side([fail, fail])
