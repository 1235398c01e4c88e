"""Plays one cell of the matrix, and proves by the sandbox's own state what happened."""

from dataclasses import dataclass
from typing import Any

import anyio
from hostile.clients import Caller, Silence
from hostile.ground import ACTS, Ground, Target, changed
from hostile.matrix import Cell
from mcp_types import CallToolResult
from support.servers import content_of, text_of

_NOTHING_HAPPENED = (
    "declined in the client",
    "closed without an answer",
    "came back empty or not as asked",
    "the name that was typed is not",
    "nobody answered the confirmation in time",
    "answered the confirmation with an error",
)
_REFUSED = ("only lets a person confirm", "lets nobody confirm it")


@dataclass(frozen=True)
class Play:
    """A call of one operation on a target, by one client. `sees_requests` where the ground can count them."""

    ground: Ground
    caller: Caller
    operation: str
    target: Target
    sees_requests: bool = True

    async def run(self) -> Cell:
        """The cell that the client meets. Nothing more happens than it says, and nothing twice."""
        arguments = ACTS[self.operation].arguments(self.target)
        before, sent, asked = self.ground.state(self.target), len(self.ground.sent), len(self.caller.asked)
        with anyio.fail_after(20):
            cell, token = await self._first(arguments)
            happened = changed(before, self.ground.state(self.target))
            assert happened == (ACTS[self.operation].changes if "done" in cell else {})
            assert ("asked" in cell) == (len(self.caller.asked) > asked)
            if token:
                await self._spend(arguments | {"confirmation_token": token})
                happened = changed(before, self.ground.state(self.target))
                assert happened == ACTS[self.operation].changes
        assert not self.sees_requests or len(self.ground.sent) - sent == (1 if happened else 0)
        return cell

    async def _first(self, arguments: dict[str, Any]) -> tuple[Cell, str | None]:
        """What the call comes to, and the token if it comes to one."""
        try:
            result = await self.caller.call(self.operation, arguments)
        except Silence:
            return "asked: nothing", None
        if result.is_error and reached_nobody(result):
            return await self._after_silence(arguments)
        if result.is_error:
            return cell_of_failure(result), None
        content = content_of(result)
        if content["status"] == "confirmation_required":
            assert content["preview"]
            return "token", content["confirmation_token"]
        assert content["status"] == "done"
        return ("asked: done" if content["confirmed_by"] == "person" else "policy: done"), None

    async def _after_silence(self, arguments: dict[str, Any]) -> tuple[Cell, str | None]:
        """What a client meets that calls again after a question which it left open."""
        again = await self.caller.call(self.operation, arguments)
        if again.is_error:
            assert reached_nobody(again)
            return "asked: nothing", None
        return "asked: nothing, then token", content_of(again)["confirmation_token"]

    async def _spend(self, arguments: dict[str, Any]) -> None:
        """The token does it once; a second time it is refused, or finds what it did."""
        done = content_of(await self.caller.call(self.operation, arguments))
        assert (done["status"], done["confirmed_by"]) == ("done", "token")
        again = await self.caller.call(self.operation, arguments)
        assert again.is_error or content_of(again)["confirmed_by"] == "not needed"


def reached_nobody(result: CallToolResult) -> bool:
    """Whether a failure is that of a question that reached no person."""
    text = text_of(result)
    return "nobody answered" in text or "with an error" in text


def cell_of_failure(result: CallToolResult) -> Cell:
    """The cell behind a failure, whose words have to be known."""
    text = text_of(result)
    if any(words in text for words in _REFUSED):
        return "refused"
    assert any(words in text for words in _NOTHING_HAPPENED), text
    return "asked: nothing"
