"""A toy operation behind the guard: a wall to paint, through a real in-memory client of each protocol era."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import httpx
from mcp.client.context import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ElicitRequestParams, ElicitResult
from pydantic import BaseModel

from k6_cloud.client import K6Cloud
from k6_cloud_mcp.messages.request_state import sealing
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.guard.audit import Attempt
from k6_cloud_mcp_tools.guard.confirmations import Act
from k6_cloud_mcp_tools.guard.plan import Plan, Preview, Settled
from k6_cloud_mcp_tools.guard.planned_load import PlannedLoad
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.operation import confirmed

Mode = Literal["auto", "legacy"]
ERAS: list[Mode] = ["auto", "legacy"]
_NOW = "2026-01-01T00:00:00Z"
YES = ElicitResult(action="accept", content={"decision": "go ahead"})


class Painted(BaseModel):
    color: str


class Book:
    """An audit that can be read, and that can be full."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.full = False

    async def record(self, attempt: Attempt) -> None:
        if self.full:
            raise OSError("No space left on device")
        self.attempts.append(attempt)

    async def newest(self, limit: int) -> Sequence[Attempt]:
        return self.attempts[-limit:][::-1]

    @property
    def stages(self) -> list[str]:
        return [attempt.stage for attempt in self.attempts]


class Wall:
    """A wall to paint: what was painted on it, with which keys, and what the preview says of it now."""

    def __init__(self, typed_name: str | None = None) -> None:
        self.painted: list[str] = []
        self.keys: list[str] = []
        self.asked: list[str] = []
        self.state = "white"
        self.typed_name = typed_name
        self.load: PlannedLoad | None = None
        self.failure: BaseException | None = None
        self.book = Book()
        self.charges: list[float] = []

    async def paint(self, app: App, color: str, key: str) -> Painted:
        if color != "dry":
            self.painted.append(color)
            self.keys.append(key)
        if self.failure:
            raise self.failure
        await app.k6.projects.create(color)
        self.charges.append(self.load.runs[0].vuh or 0 if self.load else 0)
        return Painted(color=color)

    async def plan(self, app: App, color: str) -> Plan[Painted] | Settled[Painted]:
        if color == "glass":
            raise ToolError("Not painted: glass is not a color.")
        if color == "settled":
            return Settled(Painted(color="already"))
        text = f"Paint the {self.state} wall {color}"
        preview = Preview(text, self.typed_name, details="with two coats" if color == "two" else "")
        key = app.confirmations.key_for(Act("paint", {"color": color}, preview.shown, "anyone"))

        async def act() -> Painted:
            return await self.paint(app, color, key)

        async def repeated(since: datetime) -> Painted | None:
            del since
            return Painted(color=color) if color in self.painted and color == "lost" else None

        return Plan(preview if color != self.state else None, act, self.load, repeated)

    def server(self, policy: Policy | None = None, **app: Any) -> MCPServer[App]:
        async def paint(app: TheApp, color: str) -> Plan[Painted] | Settled[Painted]:
            """Paint the wall."""
            return await self.plan(app, color)

        @asynccontextmanager
        async def lifespan(_: MCPServer[App]) -> AsyncGenerator[App, None]:
            async with httpx.AsyncClient(
                transport=httpx.MockTransport(self.service), base_url="http://k6"
            ) as http:
                yield replace(App(K6Cloud(http), audit=self.book, policy=policy or Policy()), **app)

        operation = confirmed(paint, "Paint", destructive=True)
        return MCPServer(
            "wall", tools=[operation.build()], lifespan=lifespan, request_state_security=sealing(None)
        )

    def service(self, request: httpx.Request) -> httpx.Response:
        """A k6 API that creates projects and lists the runs of today."""
        if request.method == "POST":
            project = {"id": 1, "name": "x", "is_default": False, "created": _NOW, "updated": _NOW}
            return httpx.Response(201, json=project)
        return httpx.Response(200, json={"value": [_run(charge) for charge in self.charges]})

    def answers(self, *results: ElicitResult) -> Any:
        queue = list(results)

        async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
            del context
            self.asked.append(params.message)
            return queue.pop(0)

        return answer


def _run(vuh: float) -> dict[str, Any]:
    breakdown = {"protocol_vuh": vuh, "browser_vuh": 0, "base_total_vuh": vuh, "reduction_rate": 0}
    return {
        "id": 1,
        "test_id": 1,
        "project_id": 1,
        "created": _NOW,
        "status": "completed",
        "status_details": {"type": "completed", "entered": _NOW},
        "cost": {"total_vuh": vuh, "breakdown": breakdown},
    }
