"""The world of most tests: a sandbox in memory, and MCP clients connected to a server over it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from k6_cloud.client import K6Cloud
from k6_cloud.scripts.script import Script
from k6_cloud_mcp.local_k6 import script_bundler, script_inspector
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.policy import ConfirmMode, Policy
from k6_cloud_mcp_tools.toolsets import TOOLS, Published
from k6_cloud_sandbox.sandbox import Sandbox, open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings

SCRIPT = """
import { sleep } from 'k6';
export const options = { vus: 2, duration: '1s' };
export default function () { sleep(0.2); }
"""


@dataclass
class World:
    """A sandbox, its client, and the app that tools work with."""

    sandbox: Sandbox
    k6: K6Cloud
    app: App

    @asynccontextmanager
    async def connect(
        self,
        *,
        answer: dict[str, Any] | None = None,
        mode: Literal["auto", "legacy"] = "auto",
        confirm: ConfirmMode = "auto",
        policy: Policy | None = None,
        tools: Sequence[Published] = TOOLS,
        k6: K6Cloud | None = None,
        **app: Any,
    ) -> AsyncGenerator[Client, None]:
        """A client of a server over this world; with `answer` it accepts every form with that content."""
        unscoped, policy = k6 or self.app.unscoped, policy or Policy(confirm=confirm)
        changed = replace(self.app, unscoped=unscoped, policy=policy, **app)

        @asynccontextmanager
        async def open_app() -> AsyncGenerator[App, None]:
            yield changed

        async def accept(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
            del context, params
            return ElicitResult(action="accept", content=answer)

        server = build_server(open_app, tools, sandbox=True)
        callback = accept if answer is not None else None
        async with Client(server, mode=mode, elicitation_callback=callback) as client:
            yield client

    async def new_test(
        self, name: str = "Checkout", script: str = SCRIPT, project_id: int | None = None
    ) -> int:
        """Create a load test in the default project; its id."""
        if project_id is None:
            project_id = (await self.k6.projects.list(top=1)).value[0].id
        with Script.from_chunks([script.encode()]) as source:
            return (await self.k6.load_tests.create(project_id, name, source)).id


@asynccontextmanager
async def open_world(**settings: Any) -> AsyncGenerator[World, None]:
    """A fresh world; keywords are settings of the sandbox."""
    sandbox_settings = SandboxSettings(dir=":memory:", **settings)
    async with open_sandbox(sandbox_settings) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)

        async def variables() -> dict[str, str]:
            return {"SANDBOX_URL": sandbox.base_url}

        app = App(
            k6,
            sandbox=True,
            inspect_script=script_inspector(variables, sandbox_settings.limits),
            bundle_script=script_bundler(k6.max_script_bytes, sandbox_settings.limits),
            local_files=True,
            poll_seconds=0.1,
        )
        yield World(sandbox, k6, app)


def text_of(result: CallToolResult) -> str:
    """The one text of a tool result."""
    assert len(result.content) == 1
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def content_of(result: CallToolResult) -> dict[str, Any]:
    """The structured content of a tool result that is no error."""
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return result.structured_content
