"""The ledger of starts: what a later call needs to find an earlier run, and what runs that were deleted did cost."""

import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.guard.start_records import KEPT, REACH, Decide, Start, StartStore

_MOST_KEPT_HERE = 10_000
_LOOKED_BACK = timedelta(hours=24)
logger = logging.getLogger(__name__)


class StartsHere:
    """Keeps records in this process."""

    def __init__(self) -> None:
        self._starts: dict[str, Start] = {}
        self._turn = anyio.Lock()

    async def read(self) -> Sequence[Start]:
        """Return the records."""
        return [*self._starts.values()]

    async def write(self, decide: Decide) -> Sequence[Start]:
        """Keep what `decide` returns."""
        if written := decide([*self._starts.values()]):
            self._starts |= {start.id: start for start in written}
            self._forget()
        return written

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """One task at a time."""
        async with self._turn:
            yield

    def _forget(self) -> None:
        after = datetime.now(UTC) - KEPT
        newest = [*self._starts.values()][-_MOST_KEPT_HERE:]
        self._starts = {start.id: start for start in newest if start.at > after}


@dataclass(frozen=True)
class _OnlyRead:
    """A store for a dry run: what is written is forgotten."""

    store: StartStore

    async def read(self) -> Sequence[Start]:
        return await self.store.read()

    async def write(self, decide: Decide) -> Sequence[Start]:
        return decide(await self.store.read())

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self.store.turn()


@dataclass(frozen=True)
class StartLedger:
    """The starts of one stack. `unkept` says why its records do not outlast this process, if they should."""

    store: StartStore = field(default_factory=StartsHere)
    unkept: str | None = None

    def rehearsing(self) -> "StartLedger":
        """Return this ledger for a dry run, which writes nothing."""
        return replace(self, store=_OnlyRead(self.store))

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """Wait until no other call spends from the day's ceiling, and keep others waiting. Raises ToolError."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.store.turn())
            except OSError as error:
                raise ToolError(
                    f"Not done: the call could not have its turn to spend from the day's ceiling ({_reason(error)}). Nothing was "
                    "sent. Call again; if that goes on, ask the operator to look at the state folder (K6_MCP_STATE_DIR)."
                ) from error
            yield

    async def begin(self, intent: Start) -> Start:
        """Write down that a start goes out, before it does. Raises ToolError if that is not possible.

        One that is still open is returned in its place, to be repeated under its own key: whatever becomes of both, it
        is one run.
        """

        def decide(starts: Sequence[Start]) -> Sequence[Start]:
            before = _open_of(starts, intent.caller, intent.load_test_id)
            return [before if before is not None and before.at > intent.at - REACH else intent]

        try:
            [start] = await self.store.write(decide)
            return start
        except OSError as error:
            raise ToolError(
                f"Not started: the server cannot write down that it starts a run ({_reason(error)}). Ask the operator to "
                "make room in its state folder (K6_MCP_STATE_DIR), or to make it writable."
            ) from error

    async def find(self, caller: str, load_test_id: int) -> Start | None:
        """Return the newest open start of this test by this caller. Raises ToolError if it cannot be read."""
        return _open_of(await self._read(), caller, load_test_id)

    async def of(self, caller: str, load_test_id: int) -> list[Start]:
        """Return this caller's starts of the test that were not refused, newest first. Raises ToolError."""
        return [
            start
            for start in reversed(await self._read())
            if (start.caller, start.load_test_id, start.refused) == (caller, load_test_id, False)
        ]

    async def made(self, start: Start, run_id: int) -> None:
        """Write down the run that a start made. The run is there whether or not that works."""
        await self._update(lambda starts: [_latest(starts, start).model_copy(update={"run_id": run_id})])

    async def refused(self, start: Start) -> None:
        """Write down that a start made nothing."""
        await self._update(lambda starts: [_latest(starts, start).model_copy(update={"refused": True})])

    async def acknowledge(self, caller: str, run_ids: Collection[int]) -> None:
        """Write down that this caller knows of these runs: it named them."""

        def decide(starts: Sequence[Start]) -> Sequence[Start]:
            named = (one for one in starts if one.caller == caller and one.run_id in run_ids)
            return [one.model_copy(update={"acknowledged": True}) for one in named if not one.acknowledged]

        await self._update(decide)

    async def charge(self, runs: Iterable[TestRun], *, all_of_them: bool) -> None:
        """Write down what runs that have ended did cost: those of this ledger, or all. Raises OSError."""
        ended = [run for run in runs if run.is_final and run.cost is not None]

        def decide(starts: Sequence[Start]) -> Sequence[Start]:
            by_run = {start.run_id: start for start in starts}
            return [charged for run in ended if (charged := _charged(by_run.get(run.id), run, all_of_them))]

        if decide(await self.store.read()):
            await self.store.write(decide)

    async def since(self, moment: datetime) -> list[Start]:
        """Return the starts at or after a moment that were not refused. Raises OSError."""
        return [start for start in await self.store.read() if start.at >= moment and not start.refused]

    async def _read(self) -> Sequence[Start]:
        try:
            return await self.store.read()
        except OSError as error:
            raise ToolError(
                f"Not started: the server cannot read which runs it has started ({_reason(error)}), so an earlier one could be "
                "missed. Ask the operator to look at its state folder (K6_MCP_STATE_DIR)."
            ) from error

    async def _update(self, decide: Decide) -> None:
        """Write what can be found out again; also while the call is being cancelled."""
        with anyio.CancelScope(shield=True):
            try:
                await self.store.write(decide)
            except OSError as error:
                logger.error("A start could not be brought up to date in the ledger: %s", error)


def _charged(known: Start | None, run: TestRun, also_unknown: bool) -> Start | None:
    """Return the record of a run with what it cost; None if there is nothing to write."""
    if known is None or not known.is_of(run):
        known = Start(at=run.created, load_test_id=run.test_id, run_id=run.id) if also_unknown else None
    vuh = run.cost.total_vuh if run.cost else None
    return known.model_copy(update={"charge": vuh}) if known and known.charge != vuh else None


def _open_of(starts: Sequence[Start], caller: str, load_test_id: int) -> Start | None:
    after = datetime.now(UTC) - _LOOKED_BACK
    own = (one for one in reversed(starts) if (one.caller, one.load_test_id) == (caller, load_test_id))
    return next((one for one in own if one.is_open and one.at > after), None)


def _latest(starts: Sequence[Start], start: Start) -> Start:
    return next((one for one in starts if one.id == start.id), start)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
