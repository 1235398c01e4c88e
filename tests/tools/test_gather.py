from contextlib import AbstractContextManager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from k6_cloud_mcp_tools.gather import gather


class Opened(AbstractContextManager["Opened"]):
    """Something that has to be closed."""

    closed = False

    def __exit__(self, *_: object) -> None:
        self.closed = True


async def test_reads_run_at_the_same_time_and_answer_in_order():
    met = anyio.Event()

    async def first() -> int:
        await met.wait()
        return 1

    async def second() -> str:
        met.set()
        return "two"

    with anyio.fail_after(5):
        assert await gather(first(), second()) == (1, "two")


async def test_the_first_failure_in_order_is_raised_and_what_was_opened_is_closed():
    opened = Opened()

    async def fail(error: Exception, after: int) -> Any:
        for _ in range(after):
            await anyio.lowlevel.checkpoint()
        raise error

    async def answer() -> Opened:
        return opened

    with pytest.raises(ValueError, match="the first"):
        await gather(fail(ValueError("the first"), 5), fail(KeyError("sooner"), 0), answer())
    assert opened.closed


async def test_a_cancelled_read_cancels_all():
    async def forever() -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.01) as scope:
        await gather(forever(), forever())
    assert scope.cancelled_caught
