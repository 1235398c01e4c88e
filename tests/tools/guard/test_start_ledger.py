"""The ledger of starts: intents before they go out, the runs that they made, and what those cost."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.guard.start_records import REACH, Decide, Start

NOW = datetime.now(UTC)


def run(number: int, created: datetime = NOW, test: int = 1, **more: Any) -> TestRun:
    return TestRun.model_validate(
        {
            "id": number,
            "test_id": test,
            "project_id": 1,
            "created": created,
            "status": "running",
            "status_details": {"type": "running", "entered": created},
            **more,
        }
    )


def ended(number: int, vuh: float | None, **more: Any) -> TestRun:
    breakdown = {"protocol_vuh": vuh, "browser_vuh": 0, "base_total_vuh": vuh, "reduction_rate": 0}
    cost = None if vuh is None else {"total_vuh": vuh, "breakdown": breakdown}
    return run(number, status="completed", cost=cost, **more)


def started(newest: int | None = None, at: datetime = NOW) -> Start:
    return Start(load_test_id=1, caller="me", key="key", newest=newest, at=at)


async def begin(ledger: StartLedger, caller: str = "me", test: int = 1, key: str = "a") -> Start:
    return await ledger.begin(Start(caller=caller, load_test_id=test, key=key, newest=3, most_vuh=0.5))


def test_of_the_runs_after_the_newest_that_was_seen_the_first_is_taken():
    start = started(newest=5)
    assert start.run_among([run(8), run(7), run(5)]) == run(7)
    assert start.run_among([run(8), run(7), run(5)], known=[7]) == run(8)
    assert start.run_among([run(5)]) is None
    assert start.run_among([run(7, test=2)]) is None
    assert start.run_among([]) is None


def test_a_run_long_after_is_somebody_elses():
    late = run(6, NOW + REACH + timedelta(seconds=1))
    assert started(newest=5).run_among([late]) is None


@pytest.mark.parametrize(
    ("seconds", "found"), [(-60, False), (-10, True), (0, True), (300, True), (700, False)]
)
def test_where_no_run_was_seen_the_clocks_decide(seconds: int, found: bool):
    made = run(6, NOW + timedelta(seconds=seconds))
    assert started().run_among([made]) == (made if found else None)
    assert started().run_among([made], known=[6]) is None


def test_a_number_that_is_given_anew_is_another_run():
    start = started().model_copy(update={"run_id": 1})
    assert start.is_of(run(1))
    assert not start.is_of(run(1, NOW + timedelta(days=1)))
    assert not start.is_of(run(2))


async def test_a_start_that_is_still_open_is_repeated_under_its_own_key():
    ledger = StartLedger()
    first = await begin(ledger)
    assert await ledger.begin(Start(caller="me", load_test_id=1, key="b", newest=4, most_vuh=0.7)) == first
    assert (first.key, first.newest, first.most_vuh) == ("a", 3, 0.5)
    assert (await begin(ledger, "you", key="c")).key == "c"
    assert (await begin(ledger, test=2, key="d")).key == "d"


async def test_a_start_that_ended_is_followed_by_another_one():
    ledger = StartLedger()
    first = await begin(ledger)
    await ledger.made(first, 7)
    assert await ledger.find("me", 1) is None
    assert [start.run_id for start in await ledger.of("me", 1)] == [7]
    assert (await begin(ledger, key="b")).key == "b"


async def test_a_refused_start_made_nothing_and_counts_for_nothing():
    ledger = StartLedger()
    await ledger.refused(await begin(ledger))
    assert await ledger.find("me", 1) is None
    assert (await ledger.of("me", 1), await ledger.since(NOW)) == ([], [])


async def test_a_start_is_written_down_before_it_goes_out_and_settled_later():
    ledger = StartLedger()
    start = await begin(ledger)
    [intent] = await ledger.since(NOW)
    assert (intent.run_id, intent.most_vuh, intent.charge) == (None, 0.5, None)
    await ledger.made(start, 7)
    await ledger.charge([ended(7, 0.25, created=start.at)], all_of_them=False)
    [settled] = await ledger.since(NOW)
    assert (settled.id, settled.run_id, settled.most_vuh, settled.charge) == (start.id, 7, 0.5, 0.25)


async def test_only_runs_that_have_ended_with_a_cost_are_charged():
    ledger = StartLedger()
    runs = [ended(7, 0.25), ended(8, None), run(9, cost=ended(7, 2).cost)]
    await ledger.charge(runs, all_of_them=False)
    assert await ledger.since(NOW - REACH) == []
    await ledger.charge(runs, all_of_them=True)
    assert [(start.run_id, start.charge) for start in await ledger.since(NOW - REACH)] == [(7, 0.25)]
    await ledger.charge([ended(7, 0.3)], all_of_them=True)
    assert [start.charge for start in await ledger.since(NOW - REACH)] == [0.3]


async def test_a_caller_acknowledges_its_own_runs():
    ledger = StartLedger()
    await ledger.made(await begin(ledger), 7)
    await ledger.made(await begin(ledger, "you"), 8)
    await ledger.acknowledge("me", [7, 8])
    assert [start.acknowledged for start in [*await ledger.of("me", 1), *await ledger.of("you", 1)]] == [
        True,
        False,
    ]


async def test_a_dry_run_writes_nothing():
    ledger = StartLedger()
    await begin(ledger.rehearsing())
    assert await ledger.find("me", 1) is None


async def test_a_start_of_long_ago_is_not_open_any_more():
    ledger = StartLedger()
    await ledger.store.write(
        lambda _: [started(at=NOW - timedelta(hours=25)), started(at=NOW - timedelta(days=41))]
    )
    assert await ledger.find("me", 1) is None
    assert len(await ledger.of("me", 1)) == 1


class Broken:
    """A store on a full disk."""

    async def read(self) -> Sequence[Start]:
        raise OSError(28, "No space left on device")

    async def write(self, decide: Decide) -> Sequence[Start]:
        del decide
        raise OSError(28, "No space left on device")

    def turn(self) -> AbstractAsyncContextManager[None]:
        raise OSError(28, "No space left on device")


async def test_what_cannot_be_written_down_is_not_started():
    ledger = StartLedger(Broken())
    with pytest.raises(
        ToolError, match=r"^Not started: .*No space left on device.*Ask the operator to make room"
    ):
        await begin(ledger)
    with pytest.raises(ToolError, match=r"^Not started: .*cannot read which runs it has started"):
        await ledger.of("me", 1)
    with pytest.raises(ToolError, match=r"^Not done: .*its turn to spend"):
        async with ledger.turn():
            pass


async def test_a_run_that_is_there_is_no_failure_because_it_cannot_be_written_down():
    ledger = StartLedger(Broken())
    await ledger.made(started(), 7)
    await ledger.acknowledge("me", [7])


async def test_one_call_at_a_time_has_its_turn():
    ledger, seen = StartLedger(), list[str]()

    async def spend(name: str) -> None:
        async with ledger.turn():
            seen.append(name)
            await anyio.sleep(0.01)
            seen.append(name)

    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(spend, name)
    assert seen[::2] == seen[1::2]
